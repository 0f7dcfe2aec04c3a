/** The token endpoint has errors of its own shape. */
export class OAuthProblem extends Error {
  override readonly name = 'OAuthProblem'
  readonly status: number
  readonly title: string
  readonly hint: string | null
  readonly detail: string

  constructor(status: number, title: string, hint: string | null, detail: string) {
    super(hint ?? title)
    this.status = status
    this.title = title
    this.hint = hint
    this.detail = detail
  }

  body(): Record<string, unknown> {
    return {
      ...(this.hint === null ? {} : { hint: this.hint }),
      title: this.title,
      type: 'https://developers.amocrm.ru/v3/errors/OAuthProblemJson',
      status: this.status,
      detail: this.detail,
    }
  }
}

const MALFORMED = 'В запросе отсутствует ряд параметров или параметры невалидны'

export const badGrant = (status: number, hint: string): OAuthProblem =>
  new OAuthProblem(status, 'Некорректный запрос', hint, MALFORMED)
export const badClient = (): OAuthProblem =>
  new OAuthProblem(401, 'Некорректный клиент', null, 'Аутентификация клиента не удалась')
export const badGrantType = (): OAuthProblem =>
  new OAuthProblem(
    400,
    'Неподдерживаемый тип авторизации',
    'Check that all required parameters have been provided',
    MALFORMED,
  )
