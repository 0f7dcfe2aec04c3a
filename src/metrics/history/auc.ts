import { ascendingOrder } from './ascending.ts'

/** One prediction with what became of it. `group` numbers what repeats belong to: the deal. */
export type Judged = {
  readonly predicted: Float64Array
  readonly happened: Uint8Array
  readonly group: Int32Array
}

export type Auc = { auc: number; low: number; high: number }

/**
 * Area under the ROC curve with its 95 % interval for predictions that repeat in groups (the same deal at several
 * instants). Variance by structural components summed within groups: DeLong et al. 1988, clustered by
 * Obuchowski 1997. Ties count one half.
 * @returns null unless both outcomes occur
 */
export const aucOf = ({ predicted, happened, group }: Judged): Auc | null => {
  const size = predicted.length
  const order = ascendingOrder(predicted)
  let positives = 0
  for (const yes of happened) positives += yes
  const negatives = size - positives
  if (positives === 0 || negatives === 0) return null

  // For each positive the share of negatives below it; for each negative the share of positives above.
  const component = new Float64Array(size)
  let below = 0
  let passed = 0
  let sum = 0
  for (let first = 0; first < size; ) {
    let last = first
    let ups = 0
    while (last < size && predicted[order[last]!] === predicted[order[first]!])
      ups += happened[order[last++]!]!
    const downs = last - first - ups
    for (let index = first; index < last; index++) {
      const item = order[index]!
      component[item] =
        happened[item] === 1
          ? (below + downs / 2) / negatives
          : (positives - passed - ups + ups / 2) / positives
    }
    sum += ups * (below + downs / 2)
    below += downs
    passed += ups
    first = last
  }
  const auc = sum / (positives * negatives)
  const variance =
    clustered(component, happened, group, 1, auc, positives) +
    clustered(component, happened, group, 0, auc, negatives)
  const half = 1.96 * Math.sqrt(variance)
  return { auc, low: Math.max(0, auc - half), high: Math.min(1, auc + half) }
}

/** S/n of one outcome: I/(I − 1) · Σ_groups (Σ (V − AUC))² / n². */
const clustered = (
  component: Float64Array,
  happened: Uint8Array,
  group: Int32Array,
  outcome: number,
  auc: number,
  size: number,
): number => {
  const sums = new Map<number, number>()
  for (let index = 0; index < component.length; index++)
    if (happened[index] === outcome)
      sums.set(group[index]!, (sums.get(group[index]!) ?? 0) + component[index]! - auc)
  // One group says nothing about how groups differ.
  if (sums.size < 2) return Number.POSITIVE_INFINITY
  let squares = 0
  for (const sum of sums.values()) squares += sum * sum
  return (sums.size / (sums.size - 1)) * (squares / (size * size))
}

export type Calibration = { predicted: number; observed: number; deals: number }

/** Ten equal bins of the predicted chance, empty ones left out. */
export const calibrationOf = ({ predicted, happened }: Judged): Calibration[] => {
  const bins = Array.from({ length: 10 }, () => ({ predicted: 0, observed: 0, deals: 0 }))
  for (let index = 0; index < predicted.length; index++) {
    const bin = bins[Math.min(9, Math.floor(predicted[index]! * 10))]!
    bin.predicted += predicted[index]!
    bin.observed += happened[index]!
    bin.deals++
  }
  return bins
    .filter(bin => bin.deals > 0)
    .map(bin => ({
      predicted: bin.predicted / bin.deals,
      observed: bin.observed / bin.deals,
      deals: bin.deals,
    }))
}

/** Mean distance between predicted and observed, weighted by the bins' sizes. */
export const calibrationError = (bins: readonly Calibration[]): number | null => {
  const total = bins.reduce((sum, bin) => sum + bin.deals, 0)
  if (total === 0) return null
  return bins.reduce((sum, bin) => sum + bin.deals * Math.abs(bin.predicted - bin.observed), 0) / total
}

/** Mean squared distance between the predicted chance and what happened. */
export const brierOf = ({ predicted, happened }: Judged): number | null => {
  if (predicted.length === 0) return null
  let sum = 0
  for (let index = 0; index < predicted.length; index++) sum += (predicted[index]! - happened[index]!) ** 2
  return sum / predicted.length
}
