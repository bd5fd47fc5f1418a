import assert from 'node:assert/strict'
import { eventually } from './eventually.ts'

/** Keys that are no text. */
export type Key = 'Tab' | 'Enter' | 'Space' | 'ArrowDown' | 'Shift+Tab' | 'Shift+Enter'

/** A browser as a user works with it, whatever it is controlled by. */
export interface Visitor {
  newTab(): Promise<Tab>
  /** Whether it looks into a page before its load event: WebKit's driver waits for that. */
  readonly seesGrowingPages: boolean
  /** Closes what is open and forgets the cookies: the next test begins as with a new profile. */
  forget(): Promise<void>
  close(): Promise<void>
}

/** One page of a browser. What differs between browsers is abstract; the rest is written once. */
export abstract class Tab {
  /** Goes to an address and waits for its load event. */
  abstract open(url: string): Promise<void>
  /** Runs a function in the page. It sees nothing of this module. */
  abstract run<A extends unknown[], R>(script: (...args: A) => R, ...args: A): Promise<Awaited<R>>
  /** Clicks in the middle of an element, which comes into view first. */
  abstract click(selector: string): Promise<void>
  /** Brings the tab to the front. Another one of this browser is hidden then. */
  abstract toFront(): Promise<void>
  /** Types where the focus is. */
  abstract type(text: string): Promise<void>
  abstract press(key: Key): Promise<void>
  /** A picture of what is in view, as PNG. */
  abstract picture(): Promise<Uint8Array>

  /** The text of each element, without the white space around it. */
  texts(selector: string): Promise<string[]> {
    return this.run(
      (wanted) => [...document.querySelectorAll(wanted)].map((each) => each.textContent!.trim()),
      selector,
    )
  }
  async count(selector: string): Promise<number> {
    return (await this.texts(selector)).length
  }
  /** Waits until the text of the only such element matches. */
  async shows(selector: string, text: string | RegExp): Promise<void> {
    await eventually(async () => {
      const shown = await this.texts(selector)
      const matches = (each: string): boolean =>
        typeof text === 'string' ? each.includes(text) : text.test(each)
      assert(
        shown.length === 1 && matches(shown[0]!),
        `${selector} shows ${JSON.stringify(shown)}, not ${text}`,
      )
    })
  }
  /** Waits until there are so many such elements. */
  async has(selector: string, count: number = 1): Promise<void> {
    await eventually(async () => assert.equal(await this.count(selector), count, selector))
  }
  attribute(selector: string, name: string): Promise<string | null | undefined> {
    return this.run(
      (wanted, called) => document.querySelector(wanted)?.getAttribute(called),
      selector,
      name,
    )
  }
  value(selector: string): Promise<string | undefined> {
    return this.run((wanted) => document.querySelector<HTMLInputElement>(wanted)?.value, selector)
  }
  /** Whether the focus is on an element. */
  focuses(selector: string): Promise<boolean> {
    return this.run((wanted) => document.activeElement?.matches(wanted) === true, selector)
  }
  /** Presses Tab as long as it takes to come to an element. */
  async tabTo(selector: string, key: Key = 'Tab'): Promise<void> {
    for (let pressed = 0; !(await this.focuses(selector)); pressed++) {
      if (pressed === 30) throw new Error(`${key} does not lead to ${selector}.`)
      await this.press(key)
    }
  }
  async reload(): Promise<void> {
    await this.open(await this.run(() => location.href))
  }
  /** Goes one page back. A page that was stored as it stood sends no load event, so none is awaited. */
  async back(): Promise<void> {
    await this.run(() => void setTimeout(() => history.back()))
  }
}
