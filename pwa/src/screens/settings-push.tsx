/** The part of "More" that is about notifications. */
export function PushSettings() {
  return null;
}
