/**
 * P(T ≥ t) for Student's t with a whole number of degrees of freedom, 1 or more: the finite series of Abramowitz and
 * Stegun, 26.7.3 and 26.7.4.
 */
export const studentTail = (t: number, degrees: number): number => {
  const angle = Math.atan(t / Math.sqrt(degrees))
  const cosine = Math.cos(angle)
  const isOdd = degrees % 2 === 1
  let term = isOdd ? cosine : 1
  let sum = degrees === 1 ? 0 : term
  for (let next = isOdd ? 3 : 2; next <= degrees - 2; next += 2) {
    term *= ((next - 1) / next) * cosine * cosine
    sum += term
  }
  const inside = isOdd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum
  return (1 - inside) / 2
}

/** The t that is exceeded with chance `tail`, 0 < tail < ½, by halving. */
export const studentPoint = (tail: number, degrees: number): number => {
  let [low, high] = [0, 1]
  while (studentTail(high, degrees) > tail) high *= 2
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2
    if (studentTail(middle, degrees) > tail) low = middle
    else high = middle
  }
  return (low + high) / 2
}
