/** A page that has one thing to say: nothing there, not allowed, broken. */
import type { ComponentChildren } from "preact";

interface Props {
  title: string;
  text: string;
  /** Whether the page has no other heading. */
  whole?: boolean;
  children?: ComponentChildren;
}

export function Message(props: Props) {
  return (
    <section class="message">
      {props.whole ? <h1>{props.title}</h1> : <h2>{props.title}</h2>}
      {props.text && <p>{props.text}</p>}
      {props.children && <div class="message-buttons">{props.children}</div>}
    </section>
  );
}
