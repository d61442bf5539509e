/** Colours and defaults of the page. The shades are those that keep AA contrast in light and in dark. */
import { createTheme, defaultVariantColorsResolver, type MantineColorsTuple } from '@mantine/core'

/** Greys of the dark scheme, with the little blue that the page's panels have. */
const DARK: MantineColorsTuple = [
  '#d3d7dd',
  '#a6adb7',
  '#8a919c',
  '#5f6672',
  '#3d444f',
  '#2c323c',
  '#232832',
  '#1b1f27',
  '#14171d',
  '#0f1116',
]

const READABLE: Readonly<Record<string, string>> = { green: 'var(--state-success)', red: 'var(--state-failed)' }

export const theme = createTheme({
  colors: { dark: DARK },
  primaryColor: 'indigo',
  primaryShade: { light: 8, dark: 4 },
  autoContrast: true,
  // The light primary of the dark scheme takes dark text; `autoContrast` looks at the shade of the light scheme only.
  variantColorResolver: (input) => {
    const colors = defaultVariantColorsResolver(input)
    if (input.variant === 'filled') return { ...colors, color: 'var(--on-state)' }
    if (input.variant !== 'light') return colors
    // The library's own light ground is a loud one in the dark scheme, and too near to its text in the light one.
    const color = READABLE[input.color ?? ''] ?? colors.color
    const ground = (share: number) => `color-mix(in srgb, ${color} ${share}%, transparent)`
    return { ...colors, color, background: ground(10), hover: ground(15) }
  },
  cursorType: 'pointer',
  defaultRadius: 'md',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "JetBrains Mono", Menlo, Consolas, "Liberation Mono", monospace',
  headings: {
    fontWeight: '650',
    sizes: { h1: { fontSize: '1.5rem', lineHeight: '1.25' }, h2: { fontSize: '1.125rem', lineHeight: '1.35' } },
  },
  components: {
    Alert: { defaultProps: { closeButtonLabel: 'Close' } },
    Tooltip: { defaultProps: { events: { hover: true, focus: true, touch: true }, openDelay: 250, withArrow: true } },
    Table: { defaultProps: { verticalSpacing: 'xs' } },
  },
})
