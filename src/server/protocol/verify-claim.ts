import { type MaybePromise, whenReady } from "../../shared/maybe-promise.ts";
import { performance } from "../../shared/timers.ts";
import type { AccessKeyCache, KnownAccessKey } from "../access/access-key-cache.ts";
import type { RateLimiter } from "../http/rate-limit.ts";
import { isAcs3, readAcs3Claim } from "./acs3-signature-hmac-sha256.ts";
import { equalTexts } from "./equal-texts.ts";
import { CLOCK_TOLERANCE_MS, type Nonce, type NonceVerdict } from "./nonce-window.ts";
import { readRpcClaim } from "./rpc-signature-hmac-sha1.ts";
import { ServiceError } from "./service-error.ts";
import type { Claim, SignedRequest } from "./signed-request.ts";

export const API_VERSION = "2016-01-20";

/** Where nonces are remembered: in this process, and in the store where several processes share one. */
export interface NonceRegister {
  claim(nonce: Nonce, now: number): MaybePromise<NonceVerdict>;
}

export interface Gatekeeper {
  readonly accessKeys: AccessKeyCache;
  readonly nonces: NonceRegister;
  readonly rates: RateLimiter;
  readonly now: () => number;
}

export interface Caller {
  readonly claim: Claim;
  readonly accessKey: KnownAccessKey;
}

/**
 * Finds out who sent a request, or refuses it: an access key that is unknown, inactive or expired, a signature that is not its own, a
 * time more than 15 minutes away, a nonce that was used. Only a correctly signed request learns more than that.
 *
 * @throws ServiceError for what is refused, at once or by the promise
 */
export function verifyRequest(request: SignedRequest, gatekeeper: Gatekeeper): MaybePromise<Caller> {
  const claim = isAcs3(request) ? readAcs3Claim(request) : readRpcClaim(request);
  return whenReady(gatekeeper.accessKeys.find(claim.accessKeyId), (found) => {
    const accessKey = requireSigned(claim, found);
    const now = gatekeeper.now();
    requireLife(claim, accessKey, now);
    requireFresh(claim, now);
    if (!gatekeeper.rates.admits(accessKey.accessKeyId, performance.now())) throw throttled("QPS Limit Exceeded");
    return whenReady(gatekeeper.nonces.claim(claim, now), (verdict) => {
      // Someone who recorded a request must not use up its owner's limit by sending it again. It is counted first all the same: a flood of
      // the owner's own is refused before its nonces take memory and the store's time.
      if (verdict === "used") gatekeeper.rates.returnOne(accessKey.accessKeyId);
      requireNew(verdict);
      requireVersion(claim);
      return { claim, accessKey };
    });
  });
}

function requireSigned(claim: Claim, accessKey: KnownAccessKey | undefined): KnownAccessKey {
  if (accessKey === undefined) {
    throw new ServiceError("InvalidAccessKeyId.NotFound", "The Access Key ID provided does not exist in our records.");
  }
  if (!claim.isSignedWith(accessKey.accessKeySecret)) {
    throw new ServiceError(
      "SignatureDoesNotMatch",
      "The request signature is not the one of the access key and request.",
    );
  }
  return accessKey;
}

function requireLife(claim: Claim, accessKey: KnownAccessKey, now: number): void {
  if (accessKey.status !== "Active") {
    throw new ServiceError("InvalidAccessKeyId.Inactive", "The access key is disabled.");
  }
  if (accessKey.expiresAt !== undefined && now >= accessKey.expiresAt) {
    throw new ServiceError("InvalidSecurityToken.Expired", "The security token has expired. Ask for new credentials.");
  }
  if (!equalTexts(claim.securityToken ?? "", accessKey.securityToken ?? "")) {
    const message = "The security token is not the one of the access key.";
    throw new ServiceError("InvalidSecurityToken.MismatchWithAccessKey", message);
  }
}

function requireFresh({ timestamp }: Claim, now: number): void {
  if (Math.abs(timestamp - now) <= CLOCK_TOLERANCE_MS) return;
  const message = `The time of the request must be like 2006-01-02T15:04:05Z and within 15 minutes of ${new Date(now).toISOString()}.`;
  throw new ServiceError("IllegalTimestamp", message);
}

function requireNew(verdict: NonceVerdict): void {
  if (verdict === "used")
    throw new ServiceError("SignatureNonceUsed", "The request was sent before: its nonce is used.");
  if (verdict === "full") throw throttled("The server remembers as many nonces as it may. Try again.");
}

function requireVersion({ version }: Claim): void {
  if (version === API_VERSION) return;
  throw new ServiceError("InvalidVersion", `The specified version is not valid. It must be ${API_VERSION}.`);
}

function throttled(message: string): ServiceError {
  return new ServiceError("Rejected.Throttling", message);
}
