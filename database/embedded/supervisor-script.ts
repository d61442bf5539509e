/**
 * The shell program between us and the server. It sits in a session of its own and holds the reading end of a pipe
 * from us: when that closes, however we died, it shuts the server down fast. Invariant: the server never outlives the
 * program by more than its shutdown.
 *
 * A shell and not Node: it costs one megabyte. `$@` is the server's command line, fd 3 the pipe. The reader is a process
 * of its own, so that even a killed supervisor leaves somebody who closes the server.
 */
export const SUPERVISOR_SCRIPT = `
"$@" 3<&- &
server=$!
(
  while read -r line <&3; do :; done
  kill -INT "$server" 2>/dev/null
  waited=0
  while kill -0 "$server" 2>/dev/null; do
    sleep 1
    waited=$((waited + 1))
    if [ "$waited" -eq 30 ]; then kill -QUIT "$server" 2>/dev/null; fi
    if [ "$waited" -ge 40 ]; then kill -KILL "$server" 2>/dev/null; exit; fi
  done
) &
watcher=$!
trap '' HUP INT TERM
wait "$server"
code=$?
kill -KILL "$watcher" 2>/dev/null
exit "$code"
`
