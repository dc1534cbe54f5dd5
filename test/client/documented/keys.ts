import { type DocumentedExample, KEY } from "./example.ts";

const CREATED = "d6bee1cb-2e14-4277-ba6b-73786b21****";
const DESCRIBED = "05754286-3ba2-4fa6-8d41-4323aca6****";
const PROTECTED = "acs:kms:cn-hangzhou:123213123****:key/0225f411-b21d-46d1-be5b-93931c82****";

const same = {
  deleteDate: undefined,
  materialExpireTime: undefined,
  rotationInterval: undefined,
  nextRotationDate: undefined,
  deletionProtectionDescription: "",
  description: "",
  custody: undefined,
  seeded: false,
};

export const KEY_EXAMPLES: Readonly<Record<string, DocumentedExample>> = {
  CreateKey: {
    source: "DOC21 intl.en-US/API Reference/Key/CreateKey.md",
    printed: "Action=CreateKey",
    call: (kms) => kms.createKey({}),
    answer: {
      KeyMetadata: {
        CreationDate: "2021-04-12T06:00:54Z",
        Description: "",
        KeyId: CREATED,
        KeySpec: "Aliyun_AES_256",
        KeyState: "Enabled",
        KeyUsage: "ENCRYPT/DECRYPT",
        PrimaryKeyVersion: "7ce1d081-06cb-42e6-aab6-5c5de030****",
        DeleteDate: "",
        Creator: "154035569884****",
        Arn: `acs:kms:cn-qingdao:154035569884****:key/${CREATED}`,
        Origin: "Aliyun_KMS",
        MaterialExpireTime: "",
        ProtectionLevel: "SOFTWARE",
        LastRotationDate: "2021-04-12T06:00:54Z",
        AutomaticRotation: "Disabled",
      },
      RequestId: "36c7e41a-3f2c-45f7-9bdd-d1dc1e7e7e06",
    },
    answered: {
      keyMetadata: {
        ...same,
        creationDate: new Date("2021-04-12T06:00:54Z"),
        keyId: CREATED,
        keySpec: "Aliyun_AES_256",
        keyState: "Enabled",
        keyUsage: "ENCRYPT/DECRYPT",
        primaryKeyVersion: "7ce1d081-06cb-42e6-aab6-5c5de030****",
        creator: "154035569884****",
        arn: `acs:kms:cn-qingdao:154035569884****:key/${CREATED}`,
        origin: "Aliyun_KMS",
        protectionLevel: "SOFTWARE",
        lastRotationDate: new Date("2021-04-12T06:00:54Z"),
        automaticRotation: "Disabled",
        deletionProtection: "Disabled",
      },
    },
  },
  DescribeKey: {
    source: "DOC21 intl.en-US/API Reference/Key/DescribeKey.md",
    printed: `Action=DescribeKey&KeyId=${DESCRIBED}`,
    call: (kms) => kms.describeKey({ keyId: DESCRIBED }),
    answer: {
      KeyMetadata: {
        CreationDate: "2021-05-20T06:34:21Z",
        Description: "",
        KeyId: DESCRIBED,
        KeySpec: "Aliyun_AES_256",
        KeyState: "Enabled",
        KeyUsage: "ENCRYPT/DECRYPT",
        PrimaryKeyVersion: "515e0b0a-624f-45ab-92b5-54f9b551****",
        DeleteDate: "",
        Creator: "154035569884****",
        Arn: `acs:kms:cn-hangzhou:154035569884****:key/${DESCRIBED}`,
        Origin: "Aliyun_KMS",
        MaterialExpireTime: "",
        ProtectionLevel: "HSM",
        LastRotationDate: "2021-05-20T06:34:21Z",
        AutomaticRotation: "Disabled",
        DeletionProtection: "Enabled",
      },
      RequestId: "f1fdfa9d-bd49-418b-942f-8f3e3ec00a4f",
    },
    answered: {
      keyMetadata: {
        ...same,
        creationDate: new Date("2021-05-20T06:34:21Z"),
        keyId: DESCRIBED,
        keySpec: "Aliyun_AES_256",
        keyState: "Enabled",
        keyUsage: "ENCRYPT/DECRYPT",
        primaryKeyVersion: "515e0b0a-624f-45ab-92b5-54f9b551****",
        creator: "154035569884****",
        arn: `acs:kms:cn-hangzhou:154035569884****:key/${DESCRIBED}`,
        origin: "Aliyun_KMS",
        protectionLevel: "HSM",
        lastRotationDate: new Date("2021-05-20T06:34:21Z"),
        automaticRotation: "Disabled",
        deletionProtection: "Enabled",
      },
    },
  },
  ListKeys: {
    source: "DOC21 cn.zh-CN/API参考/密钥/ListKeys.md",
    printed: 'Action=ListKeys&PageNumber=1&PageSize=10&Filters=[{"Key":"KeyState", "Values":["Enabled","Disabled"]}]',
    // The page has a space in its JSON.
    parameters: { Filters: '[{"Key":"KeyState","Values":["Enabled","Disabled"]}]' },
    call: (kms) =>
      kms.listKeys({ pageNumber: 1, pageSize: 10, filters: [{ key: "KeyState", values: ["Enabled", "Disabled"] }] }),
    // A brace is missing on the page, and the last key of three.
    answer: {
      Keys: {
        Key: [
          {
            KeyId: "80e9409f-78fa-42ab-84bd-83f40c81****",
            KeyArn: "acs:kms:cn-hangzhou:123456:key/80e9409f-78fa-42ab-84bd-83f40c81****",
          },
          {
            KeyId: "8fbb1226-a06f-4c57-8887-daa5b627****",
            KeyArn: "acs:kms:cn-hangzhou:123456:key/8fbb1226-a06f-4c57-8887-daa5b627****",
          },
        ],
      },
      TotalCount: 3,
      PageNumber: 1,
      PageSize: 10,
      RequestId: "bc29ec35-3373-48d1-8202-520fd78d****",
    },
    answered: {
      keys: [
        {
          keyId: "80e9409f-78fa-42ab-84bd-83f40c81****",
          keyArn: "acs:kms:cn-hangzhou:123456:key/80e9409f-78fa-42ab-84bd-83f40c81****",
        },
        {
          keyId: "8fbb1226-a06f-4c57-8887-daa5b627****",
          keyArn: "acs:kms:cn-hangzhou:123456:key/8fbb1226-a06f-4c57-8887-daa5b627****",
        },
      ],
      totalCount: 3,
      pageNumber: 1,
      pageSize: 10,
    },
  },
  EnableKey: {
    source: "DOC21 intl.en-US/API Reference/Key/EnableKey.md",
    printed: `Action=EnableKey&KeyId=${KEY}`,
    call: (kms) => kms.enableKey({ keyId: KEY }),
    answer: { RequestId: "efb1cbbd-a093-4278-bc03-639dd4fcc207" },
    answered: undefined,
  },
  DisableKey: {
    source: "DOC21 intl.en-US/API Reference/Key/DisableKey.md",
    printed: `Action=DisableKey&KeyId=${KEY}`,
    call: (kms) => kms.disableKey({ keyId: KEY }),
    answer: { RequestId: "2fe70ce2-3303-4fd6-b3ac-472fb2705c62" },
    answered: undefined,
  },
  ScheduleKeyDeletion: {
    source: "DOC21 intl.en-US/API Reference/Key/ScheduleKeyDeletion.md",
    printed: `Action=ScheduleKeyDeletion&KeyId=${KEY}`,
    // The page's sample leaves it out; its table has this example, and the service demands the parameter today.
    parameters: { PendingWindowInDays: "7" },
    call: (kms) => kms.scheduleKeyDeletion({ keyId: KEY, pendingWindowInDays: 7 }),
    answer: { RequestId: "3da5b8cc-8107-40ac-a170-793cd181d7b7" },
    answered: undefined,
  },
  CancelKeyDeletion: {
    source: "help/en/key-management-service/latest/cancelkeydeletion",
    printed: `Action=CancelKeyDeletion&KeyId=${KEY}`,
    call: (kms) => kms.cancelKeyDeletion({ keyId: KEY }),
    answer: { RequestId: "3da5b8cc-8107-40ac-a170-793cd181d7b7" },
    answered: undefined,
  },
  UpdateKeyDescription: {
    source: "DOC21 intl.en-US/API Reference/Key/UpdateKeyDescription.md",
    printed: `Action=UpdateKeyDescription&Description=key description example&KeyId=${KEY}`,
    call: (kms) => kms.updateKeyDescription({ keyId: KEY, description: "key description example" }),
    answer: { RequestId: "3455b9b4-95c1-419d-b310-db6a53b09a39" },
    answered: undefined,
  },
  SetDeletionProtection: {
    source: "DOC21 intl.en-US/API Reference/Key/SetDeletionProtection.md",
    printed: `Action=SetDeletionProtection&EnableDeletionProtection=true&ProtectedResourceArn=${PROTECTED}`,
    call: (kms) => kms.setDeletionProtection({ enableDeletionProtection: true, protectedResourceArn: PROTECTED }),
    answer: { RequestId: "3455b9b4-95c1-419d-b310-db6a53b09a39" },
    answered: undefined,
  },
};
