// Whose pages may look: a page that another site serves could otherwise read what a browser here can.

/**
 * Whether a connection with this `Origin` may be taken: from the server's own pages, from a page of this
 * machine, or from a program, which sends none.
 *
 * @param host The request's `Host`.
 */
export function mayInspect(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return true
  if (!URL.canParse(origin)) return false
  const url = new URL(origin)
  return isLoopback(url.hostname) || url.host === host?.toLowerCase()
}

/** @param hostname As a parsed URL has it: addresses are in their canonical form. */
function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127\.\d+\.\d+\.\d+$/.test(hostname)
  )
}
