/** The same naive calls as in the tasks of chain-light. */
export const fibo = (n) => (n < 2 ? n : fibo(n - 1) + fibo(n - 2))
export const SLOTS = 8
