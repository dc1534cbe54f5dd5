import { specs } from "../../asymmetric/platforms.ts";
import { describeSpec } from "./key-pair-rules.ts";

// Making and using a long RSA key takes seconds. Elliptic curves have a file of their own, with what every key pair has in common.
for (const keySpec of specs.filter((spec) => spec.startsWith("RSA"))) describeSpec(keySpec);
