import { type DocumentedExample, KEY, VERSION } from "./example.ts";

const ROTATED = "0b30658a-ed1a-4922-b8f7-a673ca9c440b";

const LISTED_ALIAS = {
  keyId: "08c33a6f-4e0a-4a1b-a3fa-7ddfa1d****",
  aliasName: "alias/ExampleAlias1",
  aliasArn: "acs:kms:cn-hangzhou:123456:alias/ExampleAlias1",
};

const ALIASES = {
  Aliases: {
    Alias: [
      {
        AliasName: "alias/ExampleAlias1",
        KeyId: "08c33a6f-4e0a-4a1b-a3fa-7ddfa1d****",
        AliasArn: "acs:kms:cn-hangzhou:123456:alias/ExampleAlias1",
      },
    ],
  },
  TotalCount: 1,
  PageNumber: 1,
  PageSize: 10,
  RequestId: "1b57992c-834b-4811-a889-f8bac1ba0353",
};

/** Aliases, and the versions of keys. */
export const NAME_AND_VERSION_EXAMPLES: Readonly<Record<string, DocumentedExample>> = {
  CreateAlias: {
    source: "help/en/key-management-service/latest/createalias",
    printed: `Action=CreateAlias&AliasName=alias/example&KeyId=${KEY}`,
    call: (kms) => kms.createAlias({ aliasName: "alias/example", keyId: KEY }),
    answer: { RequestId: "1d2baaf3-d357-46c2-832e-13560c2bd9cd" },
    answered: undefined,
  },
  UpdateAlias: {
    source: "DOC21 intl.zh-CN/API参考/密钥/UpdateAlias.md",
    printed: `Action=UpdateAlias&AliasName=alias/example&KeyId=${KEY}`,
    call: (kms) => kms.updateAlias({ aliasName: "alias/example", keyId: KEY }),
    answer: { RequestId: "1d2baaf3-d357-46c2-832e-13560c2bd9cd" },
    answered: undefined,
  },
  DeleteAlias: {
    source: "DOC21 intl.en-US/API Reference/Key/DeleteAlias.md",
    printed: "Action=DeleteAlias&AliasName=alias/example",
    call: (kms) => kms.deleteAlias({ aliasName: "alias/example" }),
    answer: { RequestId: "4c8ae23f-3a42-6791-a4ba-1faa77831c28" },
    answered: undefined,
  },
  ListAliases: {
    source: "DOC21 intl.en-US/API Reference/Key/ListAliases.md",
    printed: "Action=ListAliases&PageNumber=1&PageSize=10",
    call: (kms) => kms.listAliases({ pageNumber: 1, pageSize: 10 }),
    answer: ALIASES,
    answered: { aliases: [LISTED_ALIAS], totalCount: 1, pageNumber: 1, pageSize: 10 },
  },
  ListAliasesByKeyId: {
    source: "help/en/key-management-service/latest/listaliasesbykeyid",
    printed: `Action=ListAliasesByKeyId&KeyId=${KEY}&PageNumber=1&PageSize=10`,
    call: (kms) => kms.listAliasesByKeyId({ keyId: KEY, pageNumber: 1, pageSize: 10 }),
    answer: ALIASES,
    answered: { aliases: [LISTED_ALIAS], totalCount: 1, pageNumber: 1, pageSize: 10 },
  },
  CreateKeyVersion: {
    source: "DOC21 intl.en-US/API Reference/Key/CreateKeyVersion.md",
    printed: "Action=CreateKeyVersion&KeyId=0b30658a-ed1a-4922-b8f7-a673ca9c****",
    call: (kms) => kms.createKeyVersion({ keyId: "0b30658a-ed1a-4922-b8f7-a673ca9c****" }),
    answer: {
      KeyVersion: {
        KeyId: "0b30658a-ed1a-4922-b8f7-a673ca9c****",
        KeyVersionId: "c0a3d5dc-0b47-4199-a050-b289349a****",
        CreationDate: "2019-08-02T10:38:27Z",
      },
      RequestId: "b96f250a-4b75-498c-91be-22c6928f85be",
    },
    answered: {
      keyVersion: {
        keyId: "0b30658a-ed1a-4922-b8f7-a673ca9c****",
        keyVersionId: "c0a3d5dc-0b47-4199-a050-b289349a****",
        creationDate: new Date("2019-08-02T10:38:27Z"),
      },
    },
  },
  ListKeyVersions: {
    source: "DOC21 cn.zh-CN/API参考/API列表/ListKeyVersions.md",
    printed: "Action=ListKeyVersions&KeyId=<key id>&PageNumber=1&PageSize=10",
    parameters: { KeyId: ROTATED },
    call: (kms) => kms.listKeyVersions({ keyId: ROTATED, pageNumber: 1, pageSize: 10 }),
    answer: {
      RequestId: "1e76f572-4a9b-4be2-a296-ae3069318070",
      KeyVersions: {
        KeyVersion: [
          {
            KeyId: ROTATED,
            KeyVersionId: "1e3304fd-68ac-4d5b-8886-ae5f01a1af61",
            CreationDate: "2019-08-06T10:22:03Z",
          },
          {
            KeyId: ROTATED,
            KeyVersionId: "2ab1a983-7072-4bbc-a582-584b5bd8ecf3",
            CreationDate: "2019-08-06T10:19:18Z",
          },
          {
            KeyId: ROTATED,
            KeyVersionId: "6a69c763-388a-4708-9fc0-4322266bf2d0",
            CreationDate: "2019-08-06T10:17:04Z",
          },
        ],
      },
      TotalCount: 3,
      PageNumber: 1,
      PageSize: 10,
    },
    answered: {
      keyVersions: [
        {
          keyId: ROTATED,
          keyVersionId: "1e3304fd-68ac-4d5b-8886-ae5f01a1af61",
          creationDate: new Date("2019-08-06T10:22:03Z"),
        },
        {
          keyId: ROTATED,
          keyVersionId: "2ab1a983-7072-4bbc-a582-584b5bd8ecf3",
          creationDate: new Date("2019-08-06T10:19:18Z"),
        },
        {
          keyId: ROTATED,
          keyVersionId: "6a69c763-388a-4708-9fc0-4322266bf2d0",
          creationDate: new Date("2019-08-06T10:17:04Z"),
        },
      ],
      totalCount: 3,
      pageNumber: 1,
      pageSize: 10,
    },
  },
  DescribeKeyVersion: {
    source: "help.aliyun.com/zh/kms/key-management-service/support/api-kms-describekeyversion",
    printed: `Action=DescribeKeyVersion&KeyId=key-hzz630494463ejqjx****&KeyVersionId=${VERSION}`,
    call: (kms) => kms.describeKeyVersion({ keyId: "key-hzz630494463ejqjx****", keyVersionId: VERSION }),
    answer: {
      RequestId: "7021b6ec-4be7-4d3c-8a68-1e85d4d515a0",
      KeyVersion: {
        KeyId: "key-hzz630494463ejqjx****",
        KeyVersionId: VERSION,
        CreationDate: "2024-03-25T10:42:40Z",
      },
    },
    answered: {
      keyVersion: {
        keyId: "key-hzz630494463ejqjx****",
        keyVersionId: VERSION,
        creationDate: new Date("2024-03-25T10:42:40Z"),
      },
    },
  },
  UpdateRotationPolicy: {
    source: "help/ja/kms/developer-reference/api-updaterotationpolicy",
    printed: `Action=UpdateRotationPolicy&EnableAutomaticRotation=true&KeyId=${KEY}&RotationInterval=30d`,
    call: (kms) => kms.updateRotationPolicy({ keyId: KEY, enableAutomaticRotation: true, rotationInterval: "30d" }),
    answer: { RequestId: "efb1cbbd-a093-4278-bc03-639dd4fcc207" },
    answered: undefined,
  },
  RotateKey: {
    source: "ours: the service has no such operation",
    parameters: { KeyId: KEY },
    call: (kms) => kms.rotateKey({ keyId: KEY }),
    answer: {
      RequestId: "R-1",
      KeyVersion: { KeyId: KEY, KeyVersionId: VERSION, CreationDate: "2024-03-25T10:42:40Z" },
    },
    answered: { keyVersion: { keyId: KEY, keyVersionId: VERSION, creationDate: new Date("2024-03-25T10:42:40Z") } },
  },
};
