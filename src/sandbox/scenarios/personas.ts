/** How a person works in the CRM: at first, and when the rollout has done its work. */
export type Persona = {
  name: 'adopter' | 'average' | 'monday' | 'refuser'
  /** Touches recorded per working day and deal. */
  touches: [number, number]
  /** Chance that a new request is answered within half an hour. */
  answers: [number, number]
  /** Chance that a deal has a next step. */
  nextStep: [number, number]
  /** Chance that a next step is done in time. */
  punctual: [number, number]
  /** Chance that a deal is forgotten on a stage. */
  forgets: [number, number]
  /** Chance that a stage is entered when it really happened, and not in a batch later. */
  prompt: [number, number]
  /** Chance that a field is filled. */
  fills: [number, number]
  /** Chance per week that a forgotten deal is dealt with. */
  tidies: [number, number]
  /** Chance to drag a card over a stage. */
  skips: [number, number]
  /** Chance that a call hangs on the client and not on the deal. */
  offBook: [number, number]
  /** Multiplies the chance to win. */
  skill: number
}

const adopter: Persona = {
  name: 'adopter',
  touches: [0.32, 0.6],
  answers: [0.45, 0.93],
  nextStep: [0.5, 0.96],
  punctual: [0.65, 0.92],
  forgets: [0.03, 0.008],
  prompt: [0.85, 0.96],
  fills: [0.45, 0.86],
  tidies: [0.35, 0.75],
  skips: [0.12, 0.03],
  offBook: [0.3, 0.04],
  skill: 1.15,
}
const average: Persona = {
  name: 'average',
  touches: [0.18, 0.45],
  answers: [0.18, 0.8],
  nextStep: [0.18, 0.86],
  punctual: [0.35, 0.8],
  forgets: [0.085, 0.012],
  prompt: [0.6, 0.88],
  fills: [0.25, 0.74],
  tidies: [0.2, 0.65],
  skips: [0.3, 0.06],
  offBook: [0.55, 0.1],
  skill: 1,
}
const monday: Persona = {
  name: 'monday',
  touches: [0.14, 0.3],
  answers: [0.12, 0.6],
  nextStep: [0.12, 0.7],
  punctual: [0.3, 0.5],
  forgets: [0.1, 0.02],
  prompt: [0.3, 0.15],
  fills: [0.2, 0.64],
  tidies: [0.18, 0.65],
  skips: [0.36, 0.12],
  offBook: [0.6, 0.2],
  skill: 0.95,
}
const refuser: Persona = {
  name: 'refuser',
  touches: [0.08, 0.15],
  answers: [0.05, 0.2],
  nextStep: [0.05, 0.25],
  punctual: [0.15, 0.25],
  forgets: [0.13, 0.045],
  prompt: [0.25, 0.3],
  fills: [0.12, 0.3],
  tidies: [0.12, 0.32],
  skips: [0.45, 0.3],
  offBook: [0.75, 0.5],
  skill: 0.85,
}

export const PERSONAS = { adopter, average, monday, refuser } as const

/** A habit at a point of the rollout: 0 before it, 1 three weeks later. */
export const habit = ([before, after]: [number, number], progress: number): number =>
  before + (after - before) * progress
