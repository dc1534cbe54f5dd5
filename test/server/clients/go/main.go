// Calls every operation that the client library of Debian's golang-github-denverdino-aliyungo-dev has, and prints what the library
// shows its caller: a JSON object for each call.
package main

import (
	"encoding/json"
	"os"

	"github.com/denverdino/aliyungo/common"
	"github.com/denverdino/aliyungo/kms"
)

type outcome struct {
	Call      string
	Response  interface{} `json:",omitempty"`
	Code      string      `json:",omitempty"`
	Message   string      `json:",omitempty"`
	Status    int         `json:",omitempty"`
	RequestId string      `json:",omitempty"`
	Failure   string      `json:",omitempty"`
}

var out = json.NewEncoder(os.Stdout)

func show(call string, response interface{}, err error) {
	result := outcome{Call: call}
	if refusal, ok := err.(*common.Error); ok {
		result.Code, result.Message = refusal.Code, refusal.Message
		result.Status, result.RequestId = refusal.StatusCode, refusal.RequestId
	} else if err != nil {
		result.Failure = err.Error()
	} else {
		result.Response = response
	}
	if err := out.Encode(result); err != nil {
		panic(err)
	}
}

func main() {
	endpoint, id, secret := os.Getenv("ENDPOINT"), os.Getenv("ACCESS_KEY_ID"), os.Getenv("ACCESS_KEY_SECRET")
	client := kms.NewClientWithEndpoint(endpoint, id, secret)
	context := map[string]string{"tenant": "42", "a b": "c&d=é"}

	created, err := client.CreateKey(&kms.CreateKeyArgs{KeyUsage: kms.KEY_USAGE_ENCRYPT_DECRYPT, Description: "made by Go: a+b *~"})
	show("CreateKey", created, err)
	keyId := ""
	if created != nil {
		keyId = created.KeyMetadata.KeyId
	}
	refused, err := client.CreateKey(&kms.CreateKeyArgs{KeyUsage: "SIGN"})
	show("CreateKey wrong", refused, err)

	described, err := client.DescribeKey(keyId)
	show("DescribeKey", described, err)
	undescribed, err := client.DescribeKey("key-unknown")
	show("DescribeKey wrong", undescribed, err)

	listed, err := client.ListKeys(&kms.ListKeysArgs{})
	show("ListKeys", listed, err)
	unlisted, err := client.ListKeys(&kms.ListKeysArgs{Pagination: common.Pagination{PageNumber: 1, PageSize: 101}})
	show("ListKeys wrong", unlisted, err)

	encrypted, err := client.Encrypt(&kms.EncryptAgrs{KeyId: keyId, Plaintext: "aGVsbG8=", EncryptionContext: context})
	show("Encrypt", encrypted, err)
	unencrypted, err := client.Encrypt(&kms.EncryptAgrs{KeyId: keyId})
	show("Encrypt wrong", unencrypted, err)
	blob := ""
	if encrypted != nil {
		blob = encrypted.CiphertextBlob
	}

	decrypted, err := client.Decrypt(&kms.DecryptArgs{CiphertextBlob: blob, EncryptionContext: context})
	show("Decrypt", decrypted, err)
	undecrypted, err := client.Decrypt(&kms.DecryptArgs{CiphertextBlob: blob})
	show("Decrypt wrong", undecrypted, err)

	dataKey, err := client.GenerateDataKey(&kms.GenerateDataKeyArgs{KeyId: keyId, KeySpec: kms.KeySpec_AES_256, EncryptionContext: context})
	show("GenerateDataKey", dataKey, err)
	noDataKey, err := client.GenerateDataKey(&kms.GenerateDataKeyArgs{KeyId: keyId, NumberOfBytes: 1025})
	show("GenerateDataKey wrong", noDataKey, err)

	disabled, err := client.DisableKey(keyId)
	show("DisableKey", disabled, err)
	undisabled, err := client.DisableKey("key-unknown")
	show("DisableKey wrong", undisabled, err)
	whileDisabled, err := client.Encrypt(&kms.EncryptAgrs{KeyId: keyId, Plaintext: "aGVsbG8="})
	show("Encrypt while disabled", whileDisabled, err)
	enabled, err := client.EnableKey(keyId)
	show("EnableKey", enabled, err)
	unenabled, err := client.EnableKey("key-unknown")
	show("EnableKey wrong", unenabled, err)

	scheduled, err := client.ScheduleKeyDeletion(&kms.ScheduleKeyDeletionArgs{KeyId: keyId, PendingWindowInDays: 7})
	show("ScheduleKeyDeletion", scheduled, err)
	unscheduled, err := client.ScheduleKeyDeletion(&kms.ScheduleKeyDeletionArgs{KeyId: keyId, PendingWindowInDays: 1})
	show("ScheduleKeyDeletion wrong", unscheduled, err)
	cancelled, err := client.CancelKeyDeletion(keyId)
	show("CancelKeyDeletion", cancelled, err)
	uncancelled, err := client.CancelKeyDeletion(keyId)
	show("CancelKeyDeletion wrong", uncancelled, err)

	regions, err := client.DescribeRegions()
	show("DescribeRegions", regions, err)

	stranger := kms.NewClientWithEndpoint(endpoint, id, "wrong"+secret)
	forged, err := stranger.DescribeKey(keyId)
	show("DescribeKey signed wrongly", forged, err)
}
