// Prints ecies-bouncycastle.json: ECIES by BouncyCastle, keys from a counter, so that every run prints the same.
// java -cp bcprov-1.72.jar EciesVectors.java > ecies-bouncycastle.json
import java.math.BigInteger;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.bouncycastle.asn1.x9.X9ECParameters;
import org.bouncycastle.crypto.agreement.ECDHBasicAgreement;
import org.bouncycastle.crypto.digests.SHA1Digest;
import org.bouncycastle.crypto.ec.CustomNamedCurves;
import org.bouncycastle.crypto.engines.IESEngine;
import org.bouncycastle.crypto.generators.KDF2BytesGenerator;
import org.bouncycastle.crypto.macs.HMac;
import org.bouncycastle.crypto.params.*;
import org.bouncycastle.util.BigIntegers;

public class EciesVectors {
  static int counter = 0;

  static byte[] bytes(int length) throws Exception {
    byte[] out = new byte[length];
    for (int at = 0; at < length; at += 32) {
      byte[] block = MessageDigest.getInstance("SHA-256").digest(("lanelock ecies " + counter++).getBytes("US-ASCII"));
      System.arraycopy(block, 0, out, at, Math.min(32, length - at));
    }
    return out;
  }

  static String hex(byte[] data) {
    return HexFormat.of().formatHex(data);
  }

  static void vector(String curve, int plaintextLength, boolean leadingZero, boolean last) throws Exception {
    X9ECParameters x9 = CustomNamedCurves.getByName(curve);
    ECDomainParameters domain = new ECDomainParameters(x9.getCurve(), x9.getG(), x9.getN(), x9.getH());
    BigInteger d = new BigInteger(1, bytes(32)).mod(x9.getN());
    ECPublicKeyParameters recipient = new ECPublicKeyParameters(x9.getG().multiply(d).normalize(), domain);
    ECPrivateKeyParameters ephemeral;
    byte[] z;
    do {
      ephemeral = new ECPrivateKeyParameters(new BigInteger(1, bytes(32)).mod(x9.getN()), domain);
      ECDHBasicAgreement agreement = new ECDHBasicAgreement();
      agreement.init(ephemeral);
      z = BigIntegers.asUnsignedByteArray(32, agreement.calculateAgreement(recipient));
    } while (leadingZero && z[0] != 0);
    byte[] plaintext = bytes(plaintextLength);
    IESEngine engine = new IESEngine(
        new ECDHBasicAgreement(), new KDF2BytesGenerator(new SHA1Digest()), new HMac(new SHA1Digest()));
    engine.init(true, ephemeral, recipient, new IESParameters(null, null, 160));
    byte[] body = engine.processBlock(plaintext, 0, plaintext.length);
    byte[] r = x9.getG().multiply(ephemeral.getD()).normalize().getEncoded(false);
    System.out.printf("  {%n    \"curve\": \"%s\",%n    \"privateKeyHex\": \"%s\",%n    \"publicKeyHex\": \"%s\",%n"
        + "    \"ephemeralPrivateHex\": \"%s\",%n    \"sharedSecretZHex\": \"%s\",%n    \"plaintextHex\": \"%s\",%n"
        + "    \"ciphertextHex\": \"%s\"%n  }%s%n",
        curve, hex(BigIntegers.asUnsignedByteArray(32, d)), hex(recipient.getQ().getEncoded(false)),
        hex(BigIntegers.asUnsignedByteArray(32, ephemeral.getD())), hex(z), hex(plaintext), hex(r) + hex(body),
        last ? "" : ",");
  }

  public static void main(String[] arguments) throws Exception {
    System.out.println("[");
    for (String curve : new String[] {"secp256r1", "secp256k1"}) {
      for (int length : new int[] {0, 1, 19, 20, 21, 32, 103, 1024}) vector(curve, length, false, false);
      vector(curve, 33, true, curve.equals("secp256k1"));
    }
    System.out.println("]");
  }
}
