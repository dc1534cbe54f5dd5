// Compiles the functions whose type parameter is `Paired` (assembly/lanes.ts) for two batches at once: a pass of the compiler, between
// AssemblyScript and Binaryen's optimizer, for the wide build alone.
//
// V8 packs two operations on 128 bits into one on 256 if they are the same and everything below them is, down to loads from neighbouring
// memory, and if they end in stores to neighbouring memory with no other store or load between them. So each vector operation is doubled
// where it stands: what loads or stores 16 bytes at `a` loads or stores 16 at 2·a, and 16 behind them for the second batch. The second
// store comes first: V8 must emit one store more where the first has the lower address, as that one must happen even if the other traps.
import binaryen from "assemblyscript/binaryen";

/** Addresses below this hold constants: both batches load the same ones (STATIC_END in assembly/memory.ts). */
const staticEnd = 4096;

/** Folds addresses into offsets, then gives every operation a statement of its own. */
const flattening = ["precompute-propagate", "optimize-added-constants-propagate", "flatten"];

const V128 = binaryen.v128;

/** Doubles the vector operations of one function, which has been flattened. */
class Doubling {
  constructor(module, reference) {
    this.module = module;
    this.reference = reference;
    /** The second batch's local of each vector. */
    this.partners = new Map();
  }

  partner(local) {
    if (!this.partners.has(local)) this.partners.set(local, binaryen._BinaryenFunctionAddVar(this.reference, V128));
    return this.partners.get(local);
  }

  run() {
    this.statements(binaryen._BinaryenFunctionGetBody(this.reference));
  }

  /** Visits what holds statements; a block's are replaced. */
  statements(expression) {
    if (expression === 0) return;
    switch (binaryen._BinaryenExpressionGetId(expression)) {
      case binaryen.BlockId: {
        for (let at = 0; at < binaryen._BinaryenBlockGetNumChildren(expression); at += 1) {
          const child = binaryen._BinaryenBlockGetChildAt(expression, at);
          const second = this.doubled(child);
          if (second === undefined) continue;
          // The statement of the second batch goes first.
          binaryen._BinaryenBlockInsertChildAt(expression, at, second);
          at += 1;
        }
        return;
      }
      case binaryen.LoopId:
        return this.statements(binaryen._BinaryenLoopGetBody(expression));
      case binaryen.IfId:
        this.statements(binaryen._BinaryenIfGetIfTrue(expression));
        return this.statements(binaryen._BinaryenIfGetIfFalse(expression));
      default:
        if (this.doubled(expression) !== undefined) throw new Error("A statement outside a block");
    }
  }

  /** Changes a statement to that of the first batch and returns that of the second; undefined if both share it. */
  doubled(statement) {
    switch (binaryen._BinaryenExpressionGetId(statement)) {
      case binaryen.BlockId:
      case binaryen.LoopId:
      case binaryen.IfId:
        this.statements(statement);
        return undefined;
      case binaryen.LocalSetId: {
        const value = binaryen._BinaryenLocalSetGetValue(statement);
        if (binaryen._BinaryenExpressionGetType(value) !== V128) return undefined;
        const partner = this.partner(binaryen._BinaryenLocalSetGetIndex(statement));
        return binaryen._BinaryenLocalSet(this.module, partner, this.value(value));
      }
      case binaryen.StoreId: {
        const value = binaryen._BinaryenStoreGetValue(statement);
        if (binaryen._BinaryenExpressionGetType(value) !== V128) throw new Error("A store of a scalar");
        const second = binaryen._BinaryenExpressionCopy(statement, this.module);
        const offset = 2 * binaryen._BinaryenStoreGetOffset(statement);
        binaryen._BinaryenStoreSetValue(second, this.value(value));
        binaryen._BinaryenStoreSetPtr(second, this.address(binaryen._BinaryenStoreGetPtr(second)));
        binaryen._BinaryenStoreSetPtr(statement, this.address(binaryen._BinaryenStoreGetPtr(statement)));
        binaryen._BinaryenStoreSetOffset(statement, offset);
        binaryen._BinaryenStoreSetOffset(second, offset + 16);
        return second;
      }
      default:
        return undefined;
    }
  }

  /** Twice an address. */
  address(pointer) {
    return binaryen._BinaryenBinary(this.module, binaryen.ShlInt32, pointer, this.constant(1));
  }

  constant(value) {
    return this.wrapped.i32.const(value);
  }

  /** Changes the vector `expression` to that of the first batch and returns that of the second. */
  value(expression) {
    const second = binaryen._BinaryenExpressionCopy(expression, this.module);
    switch (binaryen._BinaryenExpressionGetId(expression)) {
      case binaryen.ConstId:
        return second;
      case binaryen.LocalGetId:
        binaryen._BinaryenLocalGetSetIndex(second, this.partner(binaryen._BinaryenLocalGetGetIndex(second)));
        return second;
      case binaryen.LoadId: {
        const pointer = binaryen._BinaryenLoadGetPtr(expression);
        const isConstant = binaryen._BinaryenExpressionGetId(pointer) === binaryen.ConstId;
        const offset = binaryen._BinaryenLoadGetOffset(expression);
        if (isConstant && binaryen._BinaryenConstGetValueI32(pointer) + offset < staticEnd) return second;
        binaryen._BinaryenLoadSetPtr(second, this.address(binaryen._BinaryenLoadGetPtr(second)));
        binaryen._BinaryenLoadSetPtr(expression, this.address(pointer));
        binaryen._BinaryenLoadSetOffset(expression, 2 * offset);
        binaryen._BinaryenLoadSetOffset(second, 2 * offset + 16);
        return second;
      }
      case binaryen.BinaryId:
        this.operand(second, "Binary", "Left");
        this.operand(second, "Binary", "Right");
        return second;
      case binaryen.UnaryId:
        this.operand(second, "Unary", "Value");
        return second;
      case binaryen.SIMDShiftId:
        this.operand(second, "SIMDShift", "Vec");
        return second;
      case binaryen.SIMDShuffleId:
        this.operand(second, "SIMDShuffle", "Left");
        this.operand(second, "SIMDShuffle", "Right");
        return second;
      case binaryen.SelectId:
        this.operand(second, "Select", "IfTrue");
        this.operand(second, "Select", "IfFalse");
        return second;
      default:
        throw new Error(`No rule for expression ${binaryen._BinaryenExpressionGetId(expression)}`);
    }
  }

  /** Makes an operand of a copy that of the second batch. Flat code has only locals and constants here. */
  operand(copy, kind, name) {
    const operand = binaryen[`_Binaryen${kind}Get${name}`](copy);
    if (binaryen._BinaryenExpressionGetType(operand) !== V128) return;
    binaryen[`_Binaryen${kind}Set${name}`](copy, this.value(operand));
  }
}

export default class PairLanes {
  afterCompile(module) {
    binaryen.setLowMemoryUnused(true);
    for (let i = 0; i < module.getNumFunctions(); i += 1) {
      const reference = module.getFunctionByIndex(i);
      const { name, params, results } = binaryen.getFunctionInfo(reference);
      if (!name.endsWith("<assembly/lanes/Paired>")) continue;
      if ([...binaryen.expandType(params), results].includes(V128))
        throw new Error(`${name} passes vectors: inline it`);
      module.runPassesOnFunction(reference, flattening);
      const doubling = new Doubling(module.ptr, reference);
      doubling.wrapped = module;
      doubling.run();
    }
  }
}
