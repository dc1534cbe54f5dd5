import { el } from "../dom.ts";
import type { View } from "../view.ts";
import { texts } from "./strings.ts";

export const raceView: View = {
  mount(root, page) {
    root.append(
      el(
        "p",
        { class: "minor" },
        page.text(() => page.t(texts).soon),
      ),
    );
  },
};
