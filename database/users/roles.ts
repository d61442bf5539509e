/** The roles, from least to most. Each may do what the ones before it may. */

export const ROLES = ['viewer', 'operator', 'admin'] as const
export type Role = (typeof ROLES)[number]

export function isRole(text: string): text is Role {
  return (ROLES as readonly string[]).includes(text)
}

/** Whether `role` may do what `needed` may. */
export function includesRole(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed)
}

/** The one that may do less. */
export function lesserRole(one: Role, other: Role): Role {
  return includesRole(one, other) ? other : one
}
