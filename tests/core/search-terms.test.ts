import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { searchTerms } from '../../core/search-terms.ts'

describe('what a question may mean', () => {
  test('an id as it stands comes first', () => {
    expect(searchTerms('  order-12345 ').exact[0]).toBe('order-12345')
    expect(searchTerms('scheduled__2026-01-01T00:00:00.000Z').exact[0]).toBe('scheduled__2026-01-01T00:00:00.000Z')
  })

  test('the words of a question, and neighbours joined as ids are', () => {
    const { exact, words } = searchTerms('Why did order 12345 get stuck?')
    expect(exact).toContain('order-12345')
    expect(exact).toContain('order:12345')
    expect(exact).toContain('order12345')
    expect(exact.indexOf('12345')).toBeLessThan(exact.indexOf('order'))
    expect(words).toEqual(['order', '12345'])
  })

  test('punctuation and quotes of a sentence are not of the id', () => {
    expect(searchTerms('what happened to «A-7»?').exact).toContain('A-7')
    expect(searchTerms('#77').exact).toContain('77')
  })

  test('ids with a space are kept', () => {
    expect(searchTerms('order 7').exact).toContain('order 7')
  })

  test('a question of filling words only is looked for as a whole', () => {
    expect(searchTerms('why is it stuck?')).toEqual({ exact: ['why is it stuck?', 'why is it stuck'], words: [] })
    expect(searchTerms('   ')).toEqual({ exact: [], words: [] })
  })

  test('however long, so many terms and no more', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 5_000 }), (text) => {
        const { exact, words } = searchTerms(text)
        expect(exact.length).toBeLessThanOrEqual(60)
        expect(words.length).toBeLessThanOrEqual(12)
        expect(exact.every((term) => term.length <= 300)).toBe(true)
      }),
    )
    const many = searchTerms(Array.from({ length: 40 }, (_, i) => `w${i}`).join(' '))
    expect(many.exact.length).toBe(60)
  })
})
