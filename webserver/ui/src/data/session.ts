/** Who is signed in. `null`: nobody, so the page shows the sign-in form and nothing else. */
import { useMutation, useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { liveSocket } from '../api/live-socket.ts'
import { ApiError, get, post, SESSION_LOST, setCsrfToken } from '../api/request.ts'
import type { Identity, Role } from '../api/types.ts'
import { queryClient } from './query-client.ts'

const KEY = ['session']
const AUTH = '/auth'

async function readIdentity(): Promise<Identity | null> {
  try {
    const identity = await get<Identity>(`${AUTH}/me`)
    setCsrfToken(identity.csrf_token)
    return identity
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null
    throw error
  }
}

export function useSession() {
  const session = useQuery({ queryKey: KEY, queryFn: readIdentity, staleTime: Number.POSITIVE_INFINITY })
  const isSignedIn = session.data !== null && session.data !== undefined
  useEffect(() => {
    if (!isSignedIn) return
    const lost = () => {
      setCsrfToken(null)
      queryClient.setQueryData(KEY, null)
    }
    window.addEventListener(SESSION_LOST, lost)
    liveSocket.start()
    return () => {
      window.removeEventListener(SESSION_LOST, lost)
      liveSocket.stop()
    }
  }, [isSignedIn])
  return session
}

const RANK: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, admin: 2 }

/** Whether the person may do what needs this role; the server decides in the end. */
export function useMay(role: Role): boolean {
  const session = useQuery({ queryKey: KEY, queryFn: readIdentity, staleTime: Number.POSITIVE_INFINITY })
  return session.data !== null && session.data !== undefined && RANK[session.data.role] >= RANK[role]
}

export function useSignIn() {
  return useMutation({
    mutationFn: (form: { readonly name: string; readonly password: string }) => post(`${AUTH}/login`, form),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: KEY }),
  })
}

export function useSignOut() {
  return useMutation({
    mutationFn: () => post(`${AUTH}/logout`),
    onSettled: () => {
      setCsrfToken(null)
      queryClient.clear()
      queryClient.setQueryData(KEY, null)
    },
  })
}
