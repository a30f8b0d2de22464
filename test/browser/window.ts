// A real Chromium, and windows in it that note every problem of the page.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { builtPageFolder } from './built-page.ts'
import { launchChromium } from './chromium.ts'

/** How long the page may take to show what is waited for, in ms: on a machine that does much else, too. */
const PATIENCE_MS = 30_000

let browser: Browser | null = null
let pageFolder: string | null = null

/** Starts one Chromium, and builds the page, for the tests of the file. */
export function useChromium(): void {
  let stop: (() => Promise<void>) | null = null
  before(async () => {
    stop = await startChromium()
  })
  after(async () => stop?.())
}

/** The same where there are no tests; the answer ends it. */
export async function startChromium(): Promise<() => Promise<void>> {
  const [launched, folder] = await Promise.all([launchChromium(), builtPageFolder()])
  browser = launched
  pageFolder = folder
  return () => launched.close()
}

/** Where the built page is. */
export function builtPage(): string {
  assert.ok(pageFolder !== null, 'useChromium() builds it')
  return pageFolder
}

/** @param allows Problems that the test brings about. */
export type OpenOptions = BrowserContextOptions & { allows?: RegExp }

const TELL_BREACHES = `
  document.addEventListener('securitypolicyviolation', event => {
    console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI)
  })
`

export interface Window {
  page: Page
  /** Console errors and warnings, thrown errors, breaches of the policy, requests to elsewhere. */
  problems: string[]
}

/** Opens an address in a window of its own, and notes whatever its console or network show. */
export async function openWindow(
  origin: string,
  path: string,
  { allows, ...options }: OpenOptions = {},
): Promise<Window> {
  assert.ok(browser, 'useChromium() starts it')
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    reducedMotion: 'reduce',
    ...options,
  })
  context.setDefaultTimeout(PATIENCE_MS)
  const page = await context.newPage()
  const problems: string[] = []
  const note = (problem: string) => {
    if (!allows?.test(problem)) problems.push(problem)
  }
  page.on('pageerror', error => note(`thrown: ${error.stack}`))
  page.on('console', message => {
    if (['error', 'warning'].includes(message.type())) {
      note(`${message.type()}: ${message.text()} (${message.location().url})`)
    }
  })
  page.on('request', request => {
    const url = new URL(request.url())
    if (url.origin !== origin && !['data:', 'blob:'].includes(url.protocol)) {
      note(`asked elsewhere: ${url}`)
    }
  })
  await page.addInitScript({ content: TELL_BREACHES })
  await page.goto(`${origin}${path}`)
  return { page, problems }
}
