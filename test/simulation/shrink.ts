/**
 * The shortest sequence found that still fails: drops ever smaller runs of events while the rest fails.
 * Source: Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (ddmin).
 */
export function shrink<Event>(
  events: readonly Event[],
  fails: (events: readonly Event[]) => boolean,
): readonly Event[] {
  let shortest = events;
  for (let run = Math.ceil(events.length / 2); run >= 1; run = run === 1 ? 0 : Math.ceil(run / 2)) {
    for (let start = 0; start < shortest.length;) {
      const rest = shortest.toSpliced(start, run);
      if (fails(rest)) shortest = rest;
      else start += run;
    }
  }
  return shortest;
}
