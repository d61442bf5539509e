/** A table in a panel; what does not fit beside each other scrolls sideways, by keyboard too. */
import { Table } from '@mantine/core'
import type { ReactNode } from 'react'
import { ScrollBox } from './scroll-box.tsx'

export function DataTable(props: {
  readonly label: string
  readonly head: readonly ReactNode[]
  readonly children: ReactNode
}) {
  return (
    <ScrollBox className="panel panel-scroll" label={props.label}>
      <Table highlightOnHover style={{ fontSize: 14 }}>
        <Table.Thead>
          <Table.Tr>
            {props.head.map((title, index) => (
              <Table.Th key={typeof title === 'string' ? title : index} className="nowrap" fw={600} fz={13}>
                {title}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody className="rows">{props.children}</Table.Tbody>
      </Table>
    </ScrollBox>
  )
}
