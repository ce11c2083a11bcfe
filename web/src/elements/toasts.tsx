/** Notices in two live regions: one waits for the reader, one does not. */
import { Button } from "./button";

export interface ToastsProps {
  toasts: readonly { id: number; text: string; urgent: boolean }[];
  label: string;
  dismiss: string;
  onDismiss: (id: number) => void;
}

export function ToastList({ toasts, label, dismiss, onDismiss }: ToastsProps) {
  const part = (urgent: boolean) =>
    toasts
      .filter((toast) => toast.urgent === urgent)
      .map((toast) => (
        <div key={toast.id} class={`toast${urgent ? " toast-urgent" : ""}`}>
          <p>{toast.text}</p>
          <Button kind="quiet" icon="close" label={dismiss} onPress={() => onDismiss(toast.id)} />
        </div>
      ));
  return (
    <section class="toasts" aria-label={label}>
      <div role="alert" aria-live="assertive" aria-atomic="false">
        {part(true)}
      </div>
      <div role="status" aria-live="polite" aria-atomic="false">
        {part(false)}
      </div>
    </section>
  );
}
