import { hash } from 'node:crypto'

/**
 * Values and texts stay in the CRM; what is kept is enough to see that two are the same, not to read them.
 * Case and spacing do not count.
 */
const normalised = (text: string): string => text.trim().toLowerCase().replace(/\s+/g, ' ')

/** @returns `#` and the first 12 hex digits of the SHA-256 of the normalised value */
export const valueFingerprint = (value: string): string =>
  `#${hash('sha256', normalised(value), 'hex').slice(0, 12)}`

/** @returns 16 hex digits for the normalised text, and how many distinct words (letters or digits) it has */
export const textFingerprint = (text: string): { textHash: string; textWords: number } => {
  const plain = normalised(text)
  return {
    textHash: hash('sha256', plain, 'hex').slice(0, 16),
    textWords: new Set(plain.match(/[\p{L}\p{N}]+/gu) ?? []).size,
  }
}

/** What people type where a form insists: the same words in every CRM. */
const PLACEHOLDERS = [
  ...[
    '-',
    '--',
    '---',
    '.',
    '..',
    '...',
    '?',
    '??',
    '!',
    '+',
    '*',
    '_',
    '/',
    '#',
    '0',
    '00',
    '000',
    '1',
    '11',
    '111',
  ],
  ...['1111', '11111', '123', '1234', '12345', '123456', '222', '333', '555', '777', '999', '0000', '00000'],
  ...[
    'нет',
    'не',
    'нету',
    'н/д',
    'нд',
    'не знаю',
    'неизвестно',
    'пусто',
    'тест',
    'test',
    'тестовый',
    'проверка',
  ],
  ...[
    'qwerty',
    'йцукен',
    'asdf',
    'ааа',
    'aaa',
    'xxx',
    'ххх',
    'no',
    'none',
    'n/a',
    'na',
    'null',
    'empty',
    'tbd',
  ],
]

/** Fingerprints of placeholders, however a vendor's value is laid out: bare, or as a list of one. */
export const PLACEHOLDER_FINGERPRINTS: ReadonlySet<string> = new Set(
  PLACEHOLDERS.flatMap(word => [
    valueFingerprint(word),
    `#${hash('sha256', JSON.stringify([word]), 'hex').slice(0, 12)}`,
  ]),
)
