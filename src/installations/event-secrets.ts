import { hashSecret, type Sealer } from './seal.ts'

/** The secret that authenticates a portal's events: found by its hash, opened only to compare or to register. */
export type EventSecrets = {
  columns(
    installationId: string,
    secret: string | null,
  ): { eventSecretHash: string | null; eventSecretSealed: string | null }
  open(row: { id: string; eventSecretSealed: string | null }): string | null
  hash(secret: string): string
}

export const createEventSecrets = (sealer: Sealer): EventSecrets => {
  const context = (id: string): string => `${id}/event-secret`
  return {
    columns: (id, secret) => ({
      eventSecretHash: secret === null ? null : hashSecret(secret),
      eventSecretSealed: secret === null ? null : sealer.seal(secret, context(id)),
    }),
    open: ({ id, eventSecretSealed }) =>
      eventSecretSealed === null ? null : sealer.open(eventSecretSealed, context(id)),
    hash: hashSecret,
  }
}
