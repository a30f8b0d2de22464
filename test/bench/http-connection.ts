// One connection of a client that costs next to nothing: it sends ready bytes and looks only for the
// answer's status and end. A client that parsed more would be what is measured.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const HEAD_END = Buffer.from('\r\n\r\n')
const LAST_CHUNK = '0\r\n\r\n'

export class HttpConnection {
  readonly #socket: Socket
  #head: Buffer = Buffer.alloc(0)
  #status = 0
  /** Bytes of the body still to come; null: it is chunked, and ends with the last chunk. */
  #missing: number | null = 0
  #tail = ''
  #bodyBytes = 0
  #inBody = false
  #answered: ((status: number) => void) | null = null

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', chunk => this.#take(chunk))
    socket.on('error', error => {
      throw error
    })
    socket.on('close', () => {
      if (this.#answered !== null)
        throw new Error('the server closed a connection that it owes an answer')
    })
  }

  static async open(port: number): Promise<HttpConnection> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    return new HttpConnection(socket)
  }

  /** Of all bodies that have come, with the sizes of chunks when they are chunked. */
  get bodyBytes(): number {
    return this.#bodyBytes
  }

  /** Sends a request and calls `answered` with the status when the whole answer is here. */
  send(request: Buffer, answered: (status: number) => void): void {
    this.#answered = answered
    this.#socket.write(request)
  }

  close(): void {
    this.#answered = null
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    if (this.#inBody) {
      this.#takeBody(chunk)
      return
    }
    this.#head = this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk])
    const end = this.#head.indexOf(HEAD_END)
    if (end < 0) return
    const head = this.#head.toString('latin1', 0, end)
    const body = this.#head.subarray(end + HEAD_END.length)
    this.#head = Buffer.alloc(0)
    this.#status = Number(head.slice(9, 12))
    this.#missing = bodyLength(head, this.#status)
    this.#tail = ''
    this.#inBody = true
    this.#takeBody(body)
  }

  #takeBody(chunk: Buffer): void {
    this.#bodyBytes += chunk.length
    if (this.#missing === null) {
      this.#tail = (this.#tail + chunk.subarray(-LAST_CHUNK.length).toString('latin1')).slice(
        -LAST_CHUNK.length,
      )
      if (this.#tail !== LAST_CHUNK) return
    } else {
      this.#missing -= chunk.length
      if (this.#missing > 0) return
    }
    this.#inBody = false
    const answered = this.#answered
    this.#answered = null
    answered?.(this.#status)
  }
}

/** Of a JSON body, in which no line ends can be mistaken for those of chunks. */
function bodyLength(head: string, status: number): number | null {
  if (status === 304 || status === 204) return 0
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  return length === undefined ? null : Number(length)
}
