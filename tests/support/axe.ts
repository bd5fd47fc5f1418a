import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page as Tab } from 'playwright-core'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What is wrong with a page for people who read it in another way, one line each; or what is wrong with its colours. */
export async function faultsOf(tab: Tab, colorScheme: 'light' | 'dark'): Promise<string[]> {
  await tab.emulateMedia({ colorScheme })
  if (!(await tab.evaluate(() => 'axe' in window))) await tab.evaluate(AXE)
  return tab.evaluate(
    async (rules) => {
      const { axe } = window as never as { axe: typeof import('axe-core') }
      const { violations } = await axe.run(rules ? { runOnly: rules } : {})
      return violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`),
      )
      // Only colours differ in the dark.
    },
    colorScheme === 'dark' && ['color-contrast', 'link-in-text-block'],
  )
}
