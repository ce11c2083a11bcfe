/** Buttons: a verb, perhaps an icon, perhaps a state. */
import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./icon";

export interface ButtonProps {
  children?: ComponentChildren;
  icon?: IconName;
  /** Spoken instead of the children; needed when there are none. */
  label?: string;
  kind?: "primary" | "plain" | "danger" | "quiet";
  pressed?: boolean;
  disabled?: boolean;
  submit?: boolean;
  onPress?: () => void;
}

export function Button(props: ButtonProps) {
  const { kind = "plain", icon, label, pressed, children } = props;
  return (
    <button
      type={props.submit ? "submit" : "button"}
      class={`button button-${kind}${children ? "" : " button-icon"}`}
      aria-label={label}
      title={children ? undefined : label}
      aria-pressed={pressed}
      disabled={props.disabled}
      onClick={props.onPress}
    >
      {icon && <Icon name={icon} />}
      {children && <span>{children}</span>}
    </button>
  );
}
