/** A warm process that makes the same calls as the tasks of chain-heavy, and nothing else; it answers how long they took. */

const fibo = (n: number): number => (n < 2 ? n : fibo(n - 1) + fibo(n - 2))

process.on('message', ({ calls, n }: { calls: number; n: number }) => {
  const started = performance.now()
  let sum = 0
  for (let call = 0; call < calls; call += 1) sum += fibo(n)
  process.send?.({ ms: performance.now() - started, sum })
})
process.send?.({ ms: 0, sum: 0 })
