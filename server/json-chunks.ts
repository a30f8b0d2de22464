// Lists as text: a JSON array in chunks, each about as long as a socket likes to be given at once.

/** Characters that are collected before they are given. */
const CHUNK = 64 * 1024

/** The JSON of a list, in chunks of about 64 Ki characters, as its rows are read. */
export async function* jsonChunks(
  rows: AsyncIterable<unknown> | Iterable<unknown>,
): AsyncGenerator<string, undefined> {
  let text = '['
  let separator = ''
  for await (const row of rows) {
    text += separator + JSON.stringify(row)
    separator = ','
    if (text.length >= CHUNK) {
      yield text
      text = ''
    }
  }
  yield `${text}]`
}
