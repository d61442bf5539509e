/** Task instances that a change touches, with the state of each before and after. */
import { ScrollArea, Text } from '@mantine/core'
import type { Affected } from '../data/runs.ts'
import { StateBadge } from '../drawing/state.tsx'

export function AffectedTable({ affected }: { readonly affected: readonly Affected[] }) {
  return (
    <div>
      <Text size="sm" mb={6}>
        {affected.length === 1 ? 'One task instance changes:' : `${affected.length} task instances change:`}
      </Text>
      <ScrollArea.Autosize mah={260} viewportProps={{ tabIndex: 0, 'aria-label': 'What changes', role: 'region' }}>
        <table style={{ width: '100%', fontSize: 14, borderSpacing: '0 4px' }}>
          <tbody>
            {affected.map((one) => (
              <tr key={`${one.task_id}${one.new_state ?? ''}`}>
                <td className="break">{one.task_id}</td>
                <td>
                  <StateBadge state={one.state} />
                </td>
                <td aria-hidden="true">→</td>
                <td>
                  <StateBadge state={one.new_state} />
                  {one.after !== undefined && one.after.length > 0 && (
                    <div className="quiet break" style={{ fontSize: 13 }}>
                      after {one.after.join(', ')}
                    </div>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollArea.Autosize>
    </div>
  )
}
