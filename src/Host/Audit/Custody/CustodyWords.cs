using System.Globalization;
using System.Text.Json;
using static System.FormattableString;

namespace Events.Host.Audit.Custody;

/// <summary>What a fact about a recording says, for people, from its stored body. One that it does not know is named.</summary>
internal static class CustodyWords
{
    public static string Of(string type, JsonElement body) =>
        type switch
        {
            "recording_requested" => $"Recording requested: {Text(body, "name")}, "
                + (Number(body, "durationMs") is { } ms ? Invariant($"for {ms / 1000.0:0.#} s") : "until it is stopped"),
            "recorder_claimed" => "Camera's recorder claimed",
            "recorder_released" => "Camera's recorder released",
            "recording_started" => $"First picture at {Text(body, "firstFrameAt")}",
            "recording_segment_committed" => Invariant(
                $"File {Number(body, "number")} safe on disk: {Number(body, "sizeBytes")} bytes, ")
                + Invariant($"{(Number(body, "durationMs") ?? 0) / 1000.0:0.#} s, SHA-256 {Text(body, "sha256")}"),
            "recording_interrupted" => $"Interrupted: {Text(body, "why")}",
            "recording_recovered" => $"Pictures again from {Text(body, "firstFrameAt")}",
            "recording_stopped" => $"Ended: {Text(body, "reason")}",
            "recording_failed" => $"Failed: {Text(body, "why")}",
            "recording_shredded" => $"Key destroyed, and with it all copies of the files: {Text(body, "reason")}",
            "recording_deleted" => $"Files deleted: {Text(body, "reason")}",
            "legal_hold_placed" => $"Legal hold placed: {Text(body, "reason")}",
            "legal_hold_released" => $"Legal hold released: {Text(body, "reason")}",
            "pictures_seen" => Invariant(
                $"{Text(body, "what")} fetched {Number(body, "count")} times from {Text(body, "from")}, ")
                + $"{Text(body, "firstAt")} to {Text(body, "lastAt")}",
            "log_exported" => Invariant(
                $"Taken out: {Text(body, "scope")} ({Number(body, "factCount")} facts). Reason: {Text(body, "reason")}. ")
                + $"SHA-256 {Text(body, "manifestSha256")}",
            _ => type,
        };

    /// <returns>Who did it, if the body says so better than what stands beside it: somebody who fetched a file.</returns>
    public static (string Who, string Way)? ActorOf(string type, JsonElement body) =>
        type == "pictures_seen" ? (Text(body, "who"), Text(body, "way")) : null;

    private static string Text(JsonElement body, string name) =>
        body.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value.ToString() : "-";

    private static double? Number(JsonElement body, string name) =>
        body.TryGetProperty(name, out JsonElement value)
        && double.TryParse(value.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            ? number : null;
}
