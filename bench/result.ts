/** One figure of `npm run bench`. A ratio to a peer measured in the same run says more than an absolute time on a shared machine. */
export interface BenchResult {
  /** What was measured, as in docs/architecture.md, section 6. */
  name: string;
  value: number;
  unit: string;
  /** As text, such as `≤ 1.8`. */
  target: string;
  /** null: not to be judged, because there is no target or no peer on this machine. */
  pass: boolean | null;
  /** What the peer showed in the same run. */
  peer?: string;
  detail?: string;
}
