/** A page owns one lifetime; all it started ends with it. */
import { useEffect, useMemo } from "preact/hooks";

/** Makes something that lives as long as the component, with the signal of its end. */
export function useLifetime<Thing>(make: (signal: AbortSignal) => Thing): Thing {
  // biome-ignore lint/correctness/useExhaustiveDependencies: made once on purpose
  const [thing, end] = useMemo(() => {
    const controller = new AbortController();
    return [make(controller.signal), () => controller.abort()] as const;
  }, []);
  useEffect(() => end, [end]);
  return thing;
}
