import { type ComputedRef, computed } from 'vue'
import { useRoute, useRouter } from 'vue-router'

export type EvidenceKey = {
  metric: string
  scope: 'employee' | 'team' | 'company'
  id: string
  asOf: string | null
}

const isScope = (word: string | undefined): word is EvidenceKey['scope'] =>
  word === 'employee' || word === 'team' || word === 'company'

export const writeKey = ({ metric, scope, id, asOf }: EvidenceKey): string =>
  [metric, scope, id, asOf ?? ''].map(encodeURIComponent).join('~')

export const readKey = (text: unknown): EvidenceKey | null => {
  if (typeof text !== 'string') return null
  const [metric, scope, id, asOf] = text.split('~').map(decodeURIComponent)
  if (metric === undefined || metric === '' || !isScope(scope) || id === undefined) return null
  return { metric, scope, id, asOf: asOf === undefined || asOf === '' ? null : asOf }
}

/** The open evidence lives in the route, so a copied link and the digest reach exactly that state. */
export const useEvidence = (): {
  current: ComputedRef<EvidenceKey | null>
  open(key: EvidenceKey): void
  close(): void
} => {
  const route = useRoute()
  const router = useRouter()
  return {
    current: computed(() => readKey(route.query['evidence'])),
    open: key => void router.push({ query: { ...route.query, evidence: writeKey(key) } }),
    close: () => {
      const { evidence: _, ...query } = route.query
      void router.replace({ query })
    },
  }
}
