import { promisify } from 'node:util'
import { deflateRaw, inflateRaw } from 'node:zlib'

/** Characters of JSON in one chunk, roughly: a part of any size travels in pieces. */
const CHUNK = 1_000_000
/** Entries of a long list that are put into JSON at a time. */
const STEP = 500

const deflate = promisify<string, { level: number }, Buffer>(deflateRaw)
const inflate = promisify<Buffer, Buffer>(inflateRaw)

/** A list or an object as it is stored: JSON in pieces of the same kind, each deflated. */
export class PackedPart {
  readonly chunks: readonly Buffer[]

  constructor(chunks: readonly Buffer[]) {
    this.chunks = chunks
  }

  /** One that another thread has sent: only its bytes travel. */
  static received({ chunks }: Pick<PackedPart, 'chunks'>): PackedPart {
    return new PackedPart(chunks.map(chunk => Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)))
  }

  /** The same with the entries of another one behind its own. */
  with(other: PackedPart): PackedPart {
    return new PackedPart([...this.chunks, ...other.chunks])
  }
}

/** Packs on another thread while the next piece is written here. */
export const packPart = async (content: unknown): Promise<PackedPart> => {
  const chunks: Buffer[] = []
  let packing: Promise<unknown> = Promise.resolve()
  for (const piece of piecesOf(content)) {
    const packed = deflate(piece, { level: 3 })
    await packing
    packing = packed.then(chunk => chunks.push(chunk))
  }
  await packing
  return new PackedPart(chunks)
}

/** Packs several parts; those that are undefined are left out. */
export const packParts = async <Name extends string>(
  parts: Record<Name, unknown>,
): Promise<{ [N in Name]?: PackedPart }> => {
  const given = Object.entries(parts).filter(([, content]) => content !== undefined)
  const packed = await Promise.all(given.map(async ([name, content]) => [name, await packPart(content)]))
  return Object.fromEntries(packed)
}

export const unpackChunk = async (chunk: Buffer): Promise<unknown> =>
  JSON.parse((await inflate(chunk)).toString())

/** The whole that its pieces make. */
export const joinPieces = (pieces: readonly unknown[]): unknown =>
  Array.isArray(pieces[0]) ? pieces.flat() : Object.assign({}, ...pieces)

function* piecesOf(content: unknown): Generator<string> {
  const isList = Array.isArray(content)
  const entries: unknown[] = isList ? content : Object.entries(content as object)
  const [open, close] = isList ? ['[', ']'] : ['{', '}']
  let piece: string[] = []
  let length = 0
  // Entries of a short list may be large.
  const step = isList && entries.length > STEP ? STEP : 1
  for (let from = 0; from < entries.length; from += step) {
    const slice = entries.slice(from, from + step)
    const json = JSON.stringify(isList ? slice : Object.fromEntries(slice as [string, unknown][])).slice(
      1,
      -1,
    )
    if (json === '') continue
    piece.push(json)
    length += json.length
    if (length < CHUNK) continue
    yield open + piece.join(',') + close
    piece = []
    length = 0
  }
  yield open + piece.join(',') + close
}
