export type Scope = 'employee' | 'team' | 'company'
export type FlagKind = 'age' | 'silence' | 'promise'
export type Level = 'none' | 'amber' | 'red'
export type ThresholdSource = 'own' | 'mixed' | 'preset'
export type ChanceBasis = 'own' | 'mixed' | 'none'
export type Band = 'habit' | 'forming' | 'on_request' | 'outside'
export type TrustMark = 'clear' | 'look' | 'review'
export type PillarId = 'presence' | 'work' | 'pipeline' | 'truth' | 'process'

/** A deal behind a figure of the rollout. */
export type DealMention = { id: string; title: string }
