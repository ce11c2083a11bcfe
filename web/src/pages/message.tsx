/** A page that has one thing to say: nothing there, not allowed, broken. */
import type { ComponentChildren } from "preact";

export function Message(props: { title: string; text: string; children?: ComponentChildren }) {
  return (
    <section class="message">
      <h2>{props.title}</h2>
      {props.text && <p>{props.text}</p>}
      {props.children && <div class="message-buttons">{props.children}</div>}
    </section>
  );
}
