/** A native modal dialog: focus goes in and comes back, Escape closes. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { Button } from "./button";

export interface DialogProps {
  title: string;
  children: ComponentChildren;
  onClose: () => void;
}

export function Dialog({ title, children, onClose }: DialogProps) {
  const self = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const dialog = self.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog ref={self} class="dialog" aria-labelledby={heading} onCancel={onClose}>
      <h2 id={heading}>{title}</h2>
      {children}
    </dialog>
  );
}

export interface QuestionProps {
  title: string;
  text: string;
  yes: string;
  no: string;
  onYes: () => void;
  onNo: () => void;
}

/** Something that cannot be undone is asked once. */
export function Question(props: QuestionProps) {
  return (
    <Dialog title={props.title} onClose={props.onNo}>
      <p>{props.text}</p>
      <div class="dialog-buttons">
        <Button onPress={props.onNo}>{props.no}</Button>
        <Button kind="danger" onPress={props.onYes}>
          {props.yes}
        </Button>
      </div>
    </Dialog>
  );
}
