#!/usr/bin/env python3
"""What the emulator says on the wire where no other client looks: faults, cuts, sign-in, locks, redirects, the log.

    emulator_wire_test.py EMULATOR
"""
import base64
import hashlib
import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "support"))
from servers import wait_until  # noqa: E402

EMULATOR = sys.argv.pop(1) if len(sys.argv) > 1 else "build/release/acr-emulator"
ACR = {"profile": "acr", "tokenLifetime": "60s",
       "credentials": [{"username": "ci", "password": "secret", "entraToken": "entra"},
                       {"username": "reader", "password": "x", "repositories": ["shop/**"], "actions": ["pull"]}]}


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)

    def code(self):
        return self.json()["errors"][0]["code"]


class Emulator(unittest.TestCase):
    config = {}
    options = ()

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.start()

    def tearDown(self):
        self.stop()
        self.folder.cleanup()

    def start(self):
        config = os.path.join(self.folder.name, "config.json")
        with open(config, "w") as file:
            json.dump(self.config, file)
        self.process = subprocess.Popen([EMULATOR, "--listen", "127.0.0.1:0", "--config", config, *self.options,
                                         "--data", os.path.join(self.folder.name, "data")], stdout=subprocess.PIPE, text=True)
        self.host = self.process.stdout.readline().split()[-1]

    def stop(self):
        self.process.terminate()
        self.process.stdout.close()
        self.assertEqual(self.process.wait(20), 0)

    def ask(self, method, path, body=None, host=None, **headers):
        connection = http.client.HTTPConnection(host or self.host, timeout=20)
        try:
            connection.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def fault(self, **fault):
        answer = self.ask("POST", "/_emulator/faults", json.dumps(fault))
        self.assertEqual(answer.status, 204, answer.body)

    def start_upload(self, repository="a", **headers):
        answer = self.ask("POST", f"/v2/{repository}/blobs/uploads/", **headers)
        self.assertEqual(answer.status, 202)
        return answer.headers["Location"]

    def push_blob(self, data, repository="a", **headers):
        location = self.start_upload(repository, **headers)
        mark = "&" if "?" in location else "?"
        answer = self.ask("PUT", f"{location}{mark}digest={digest(data)}", data, **headers)
        self.assertEqual(answer.status, 201, answer.body)
        return digest(data)

    def push_image(self, tag, repository="a", **headers):
        config = self.push_blob(b"{}", repository, **headers)
        manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                               "config": {"mediaType": "a/b", "digest": config, "size": 2}, "layers": [],
                               "annotations": {"tag": tag}}).encode()
        answer = self.ask("PUT", f"/v2/{repository}/manifests/{tag}", manifest, **headers)
        self.assertEqual(answer.status, 201, answer.body)
        return digest(manifest)

    def requests(self):
        return self.ask("GET", "/_emulator/requests").json()


class Faults(Emulator):
    def test_a_response_ends_after_so_many_bytes_and_a_range_gets_the_rest(self):
        data = os.urandom(300_000)
        path = f"/v2/a/blobs/{self.push_blob(data)}"
        self.fault(action="DropResponse", method="GET", path="/blobs/", bytes=100_000)
        with self.assertRaises(http.client.IncompleteRead) as cut:
            self.ask("GET", path)
        self.assertEqual(cut.exception.partial, data[:100_000])
        rest = self.ask("GET", path, Range="bytes=100000-")
        self.assertEqual((rest.status, rest.headers["Content-Range"]), (206, "bytes 100000-299999/300000"))
        self.assertEqual(rest.body, data[100_000:])

    def test_a_response_ends_before_its_first_byte(self):
        path = f"/v2/a/blobs/{self.push_blob(b'hello')}"
        self.fault(action="DropResponse", method="GET", bytes=0)
        with self.assertRaises(http.client.IncompleteRead):
            self.ask("GET", path)

    def test_a_request_without_a_body_gets_no_answer(self):
        self.fault(action="DropRequest", method="GET")
        with self.assertRaises((ConnectionError, http.client.HTTPException)):
            self.ask("GET", "/v2/")
        self.assertEqual(self.ask("GET", "/v2/").status, 200)

    def test_an_answer_as_asked(self):
        self.fault(action="Status", path="^/v2/$", status=503, code="BUSY", message="not now", retryAfter=3)
        answer = self.ask("GET", "/v2/")
        self.assertEqual((answer.status, answer.code(), answer.headers["Retry-After"]), (503, "BUSY", "3"))
        self.assertEqual(self.ask("GET", "/v2/").status, 200)

    def test_throttled_and_full_as_acr_says_it(self):
        self.fault(action="Throttle", method="GET", retryAfter=50)
        answer = self.ask("GET", "/v2/")
        self.assertEqual((answer.status, answer.code(), answer.headers["Retry-After"]), (429, "TOOMANYREQUESTS", "50"))
        self.fault(action="Quota", method="POST")
        answer = self.ask("POST", "/v2/a/blobs/uploads/")
        self.assertEqual((answer.status, answer.code()), (405, "REGISTRY_DISALLOWED_OPERATION"))

    def test_an_answer_in_the_middle_of_a_large_body_arrives(self):
        location = self.start_upload()
        self.fault(action="Throttle", method="PATCH")
        with socket.create_connection(self.host.split(":"), timeout=20) as connection:
            connection.sendall(f"PATCH {location} HTTP/1.1\r\nHost: h\r\nContent-Length: 8000000\r\n\r\n".encode())
            connection.sendall(bytes(8_000_000))
            self.assertTrue(connection.recv(100).startswith(b"HTTP/1.1 429 "))

    def test_slow(self):
        path = f"/v2/a/blobs/{self.push_blob(bytes(50_000))}"
        self.fault(action="Slow", method="GET", bytesPerSecond=100_000)
        before = time.monotonic()
        self.assertEqual(len(self.ask("GET", path).body), 50_000)
        self.assertGreater(time.monotonic() - before, 0.4)

    def test_a_corrupt_byte_on_the_way_out_and_in(self):
        path = f"/v2/a/blobs/{self.push_blob(b'hello')}"
        self.fault(action="CorruptByte", method="GET", bytes=1)
        self.assertEqual(self.ask("GET", path).body, b"hdllo")
        location = self.start_upload()
        self.fault(action="CorruptByte", method="PUT", bytes=0)
        answer = self.ask("PUT", f"{location}?digest={digest(b'other')}", b"other")
        self.assertEqual((answer.status, answer.code()), (400, "DIGEST_INVALID"))

    def test_a_forgotten_upload_and_a_refused_mount(self):
        location = self.start_upload()
        self.fault(action="ForgetUpload", method="PATCH")
        answer = self.ask("PATCH", location, b"x")
        self.assertEqual((answer.status, answer.code()), (404, "BLOB_UPLOAD_UNKNOWN"))
        self.assertEqual(self.ask("GET", location).status, 404)
        mount = f"/v2/b/blobs/uploads/?mount={self.push_blob(b'hello')}&from=a"
        self.fault(action="RefuseMount")
        self.assertEqual(self.ask("POST", mount).status, 202)
        self.assertEqual(self.ask("POST", mount).status, 201)

    def test_an_answer_that_is_lost(self):
        self.fault(action="LoseResponse", method="POST")
        with self.assertRaises(http.client.RemoteDisconnected):
            self.ask("POST", f"/v2/a/blobs/uploads/?digest={digest(b'hello')}", b"hello")
        self.assertEqual(self.ask("GET", f"/v2/a/blobs/{digest(b'hello')}").body, b"hello")

    def test_a_fault_that_is_wrong_is_refused_with_its_field(self):
        answer = self.ask("POST", "/_emulator/faults", '{"action": "Slow"}')
        self.assertEqual(answer.status, 400)
        self.assertIn("faults[0].bytesPerSecond", answer.json()["errors"][0]["message"])

    def test_reset(self):
        self.push_image("v1")
        self.fault(action="Quota", times=0)
        self.assertEqual(self.ask("POST", "/_emulator/reset").status, 204)
        self.assertEqual(self.requests()["count"], 0)
        self.assertEqual(self.ask("GET", "/v2/a/manifests/v1").status, 200)
        self.ask("POST", "/_emulator/reset?data=true")
        self.assertEqual(self.ask("GET", "/v2/a/manifests/v1").status, 404)


class Cuts(Emulator):
    def cut_by_fault(self):
        location = self.start_upload()
        self.fault(action="DropRequest", method="PATCH", bytes=1000)
        with self.assertRaises((ConnectionError, http.client.HTTPException)):
            self.ask("PATCH", location, bytes(5000))
        return location

    def test_an_upload_goes_on_at_its_last_byte(self):
        location = self.cut_by_fault()
        self.assertEqual(self.ask("GET", location).headers["Range"], "0-999")
        answer = self.ask("PATCH", location, bytes(4000), Content_Range="1000-4999")
        self.assertEqual((answer.status, answer.headers["Range"]), (202, "0-4999"))
        self.assertEqual(self.ask("PUT", f"{location}?digest={digest(bytes(5000))}").status, 201)

    def test_also_when_the_client_went_away(self):
        location = self.start_upload()
        with socket.create_connection(self.host.split(":"), timeout=20) as connection:
            connection.sendall(f"PATCH {location} HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\n".encode() + bytes(700))
        # The server learns of it when it reads, which may be after the next question.
        wait_until(lambda: self.ask("GET", location).headers["Range"] == "0-699", "the upload keeps what came")

    def test_chunked_bodies_too(self):
        location = self.start_upload()
        answer = self.ask("PATCH", location, (bytes(70_000) for _ in range(9)))
        self.assertEqual((answer.status, answer.headers["Range"]), (202, "0-629999"))
        self.fault(action="DropRequest", method="PATCH", bytes=1000)
        with self.assertRaises((ConnectionError, http.client.HTTPException)):
            self.ask("PATCH", location, iter([bytes(5000)]))
        self.assertEqual(self.ask("GET", location).headers["Range"], "0-630999")


class DroppedUploads(Cuts):
    config = {"uploads": "drop"}

    def test_an_upload_goes_on_at_its_last_byte(self):
        self.assertEqual(self.ask("GET", self.cut_by_fault()).status, 404)

    def test_also_when_the_client_went_away(self):
        pass

    def test_chunked_bodies_too(self):
        pass


class Log(Emulator):
    def test_requests_and_bytes_are_counted(self):
        path = f"/v2/a/blobs/{self.push_blob(bytes(1000))}"
        self.ask("GET", path)
        self.ask("HEAD", path)
        log = self.requests()
        self.assertEqual((log["count"], log["bytesIn"], log["bytesOut"]), (4, 1000, 1000))
        self.assertEqual(log["byMethod"], {"GET": 1, "HEAD": 1, "POST": 1, "PUT": 1})
        self.assertEqual(log["byStatus"], {"200": 2, "201": 1, "202": 1})
        self.assertEqual(log["requests"][2], {"method": "GET", "target": path, "status": 200, "bytesIn": 0, "bytesOut": 1000})
        self.assertNotIn("requests", self.ask("GET", "/_emulator/requests?list=false").json())

    def test_what_was_pushed_outlives_the_process(self):
        manifest = self.push_image("v1")
        self.stop()
        self.start()
        answer = self.ask("HEAD", "/v2/a/manifests/v1")
        self.assertEqual((answer.status, answer.headers["Docker-Content-Digest"]), (200, manifest))


class Acr(Emulator):
    config = ACR

    def sign_in(self, scope, user="ci:secret"):
        basic = base64.b64encode(user.encode()).decode()
        answer = self.ask("GET", f"/oauth2/token?service={self.host}&scope={scope}", Authorization=f"Basic {basic}")
        self.assertEqual(answer.status, 200, answer.body)
        return {"Authorization": "Bearer " + answer.json()["access_token"]}

    def form(self, path, **fields):
        return self.ask("POST", path, urllib.parse.urlencode(fields), Content_Type="application/x-www-form-urlencoded")

    def test_the_challenge(self):
        answer = self.ask("GET", "/v2/shop/app/manifests/v1")
        self.assertEqual(answer.status, 401)
        self.assertEqual(answer.headers["Www-Authenticate"],
                         f'Bearer realm="http://{self.host}/oauth2/token",service="{self.host}",scope="repository:shop/app:pull"')
        self.assertEqual(answer.json()["errors"][0]["detail"], [{"Type": "repository", "Name": "shop/app", "Action": "pull"}])
        ping = self.ask("GET", "/v2/")
        self.assertNotIn("scope", ping.headers["Www-Authenticate"])
        self.assertIsNone(ping.json()["errors"][0]["detail"])

    def test_an_entra_token_becomes_a_refresh_token_and_that_an_access_token(self):
        refused = self.form("/oauth2/exchange", grant_type="access_token", service=self.host, access_token="wrong")
        self.assertEqual((refused.status, refused.code()), (401, "UNAUTHORIZED"))
        self.assertRegex(refused.json()["errors"][0]["message"], "for more information. CorrelationId: [-0-9a-f]{36}$")
        refresh = self.form("/oauth2/exchange", grant_type="access_token", service=self.host, access_token="entra")
        access = self.form("/oauth2/token", grant_type="refresh_token", service=self.host, scope="registry:catalog:*",
                           refresh_token=refresh.json()["refresh_token"])
        self.assertEqual(list(access.json()), ["access_token"])
        catalog = self.ask("GET", "/v2/_catalog", Authorization="Bearer " + access.json()["access_token"])
        self.assertEqual((catalog.status, catalog.json()), (200, {"repositories": []}))

    def test_a_token_names_only_what_the_identity_has(self):
        token = self.sign_in("repository:shop/app:pull,push", "reader:x")["Authorization"].split()[1].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        self.assertEqual(claims["access"], [{"type": "repository", "name": "shop/app", "actions": ["pull"]}])
        self.assertEqual(claims["exp"] - claims["iat"], 60)
        wrong = self.ask("GET", "/v2/other/tags/list", **self.sign_in("repository:other:pull", "reader:x"))
        self.assertIn('error="invalid_token"', wrong.headers["Www-Authenticate"])
        basic = base64.b64encode(b"reader:x").decode()
        denied = self.ask("POST", "/v2/shop/app/blobs/uploads/", Authorization=f"Basic {basic}")
        self.assertEqual((denied.status, denied.code()), (403, "DENIED"))
        self.assertEqual(self.ask("GET", f"/oauth2/token?service={self.host}&scope=repository:a:pull").status, 401)

    def test_an_expired_token(self):
        token = self.sign_in("repository:a:pull")
        self.fault(action="ExpiredToken", path="/tags/list")
        answer = self.ask("GET", "/v2/a/tags/list", **token)
        self.assertEqual(answer.status, 401)
        self.assertIn('error="invalid_token"', answer.headers["Www-Authenticate"])
        self.assertEqual(self.ask("GET", "/v2/a/tags/list", **token).status, 404)

    def test_a_blob_is_redirected_to_a_host_that_wants_no_token(self):
        token = self.sign_in("repository:a:pull,push")
        answer = self.ask("GET", f"/v2/a/blobs/{self.push_blob(b'hello', **token)}", **token)
        self.assertEqual(answer.status, 307)
        place = urllib.parse.urlsplit(answer.headers["Location"])
        self.assertNotEqual(place.netloc, self.host)
        path = f"{place.path}?{place.query}"
        self.assertEqual(self.ask("GET", path).body, b"hello")
        self.assertEqual(self.ask("GET", path, Range="bytes=1-2").body, b"el")
        leaked = self.ask("GET", path, **token)
        self.assertEqual(leaked.status, 400)
        self.assertIn(b"InvalidAuthenticationInfo", leaked.body)
        self.assertEqual(self.ask("GET", path.replace("sig=", "sig=x")).status, 403)

    def test_the_state_of_an_upload_changes_with_every_piece(self):
        token = self.sign_in("repository:a:pull,push")
        first = self.start_upload(**token)
        second = self.ask("PATCH", first, b"he", **token).headers["Location"]
        self.assertEqual(self.ask("PATCH", first, b"llo", **token).status, 416)
        answer = self.ask("PUT", f"{second}&digest={digest(b'hello')}", b"llo", **token)
        self.assertEqual(answer.status, 201)
        chunked = self.ask("PATCH", self.start_upload(**token), iter([b"x"]), Content_Range="0-0", **token)
        self.assertEqual((chunked.status, chunked.code()), (400, "CONTENT_LENGTH_INVALID"))
        large = self.ask("PUT", f"{self.start_upload(**token)}&digest={digest(b'')}", bytes(21 << 20), **token)
        self.assertEqual(large.status, 413)

    def test_locks(self):
        token = self.sign_in("repository:a:pull,push,delete,metadata_read,metadata_write")
        manifest = self.push_image("v1", **token)
        self.push_image("v2", **token)
        locked = self.ask("PATCH", "/acr/v1/a/_tags/v1", '{"writeEnabled": false}', **token)
        self.assertFalse(locked.json()["tag"]["changeableAttributes"]["writeEnabled"])
        self.assertTrue(locked.json()["tag"]["changeableAttributes"]["deleteEnabled"])
        body = self.ask("GET", f"/v2/a/manifests/{manifest}", **token).body
        moved = self.ask("PUT", "/v2/a/manifests/v1", body, Content_Type="application/vnd.oci.image.manifest.v1+json", **token)
        self.assertEqual((moved.status, moved.code()), (405, "REGISTRY_DISALLOWED_OPERATION"))
        self.assertEqual(self.ask("DELETE", "/acr/v1/a/_tags/v1", **token).status, 405)
        self.assertEqual(self.ask("DELETE", "/acr/v1/a/_tags/v2", **token).status, 202)
        self.assertEqual(self.ask("DELETE", "/v2/a/manifests/v1", **token).status, 405)

    def test_lists(self):
        token = self.sign_in("repository:a:pull,push,metadata_read,delete")
        for tag in ("v2", "v1", "v3"):
            self.push_image(tag, **token)
        page = self.ask("GET", "/acr/v1/a/_tags?n=2&orderby=timedesc", **token)
        self.assertEqual([tag["name"] for tag in page.json()["tags"]], ["v3", "v1"])
        self.assertEqual(page.headers["Link"], '</acr/v1/a/_tags?last=v1&n=2&orderby=timedesc>; rel="next"')
        rest = self.ask("GET", page.headers["Link"].split("<")[1].split(">")[0], **token)
        self.assertEqual([tag["name"] for tag in rest.json()["tags"]], ["v2"])
        self.assertNotIn("Link", rest.headers)
        self.assertEqual(len(self.ask("GET", "/acr/v1/a/_manifests", **token).json()["manifests"]), 3)
        about = self.ask("GET", "/acr/v1/a", **token).json()
        self.assertEqual((about["imageName"], about["manifestCount"], about["tagCount"]), ("a", 3, 3))
        self.assertEqual(self.ask("DELETE", "/acr/v1/a", **token).status, 202)
        gone = self.ask("GET", "/acr/v1/a/_tags", **token)
        self.assertEqual((gone.status, gone.code()), (404, "NAME_UNKNOWN"))


class Tls(Emulator):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.certificate, key = (os.path.join(self.folder.name, name) for name in ("tls.crt", "tls.key"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test", "-addext",
                        "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", self.certificate], check=True, capture_output=True)
        self.options = ["--tls-cert", self.certificate, "--tls-key", key]
        self.start()

    def test_a_client_that_refuses_the_certificate_ends_nothing_but_its_connection(self):
        host, port = self.host.split(":")
        for _ in range(20):
            with socket.create_connection((host, int(port)), timeout=20) as wire, self.assertRaises(ssl.SSLError):
                ssl.create_default_context().wrap_socket(wire, server_hostname=host)
        # Who looks at the name once all is said closes while the server still writes.
        late = ssl.create_default_context()
        late.check_hostname, late.verify_mode = False, ssl.CERT_NONE
        for _ in range(50):
            with socket.create_connection((host, int(port)), timeout=20) as wire:
                late.wrap_socket(wire, server_hostname=host).close()
        trusting = ssl.create_default_context(cafile=self.certificate)
        connection = http.client.HTTPSConnection(self.host, timeout=20, context=trusting)
        connection.request("GET", "/v2/")
        self.assertEqual(connection.getresponse().status, 200)
        connection.close()


if __name__ == "__main__":
    unittest.main()
