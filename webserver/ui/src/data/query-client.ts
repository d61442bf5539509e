/** The page's cache. Nothing is polled: what changes comes by the WebSocket, and what cannot is read again after 30 s. */
import { QueryClient } from '@tanstack/react-query'
import { ApiError } from '../api/request.ts'

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      refetchOnWindowFocus: true,
      retry: (count, error) => !(error instanceof ApiError && error.status >= 400 && error.status < 500) && count < 2,
    },
  },
})
