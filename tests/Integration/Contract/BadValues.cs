using System.Globalization;
using Events.Host.JsonRpc;

namespace Events.Tests.Integration.Contract;

/// <summary>For each kind of parameter what it does not take.</summary>
internal static class BadValues
{
    /// <returns>JSON texts.</returns>
    public static IEnumerable<string> Of(ParamRow param) =>
        param.Kind switch
        {
            ParamKind.Camera =>
                ["5", "\"\"", "\"video0\"", "\"/dev/video0\"", "\"camera\"", "\"camera-1\"", "\"Camera0\"", "[]", "\"camera0 \""],
            ParamKind.Text => ["5", "\"\"", Quoted(new string('x', (int)param.Max + 1)), "{}"],
            ParamKind.FileName =>
                ["5", "\"\"", "\"../x\"", "\"a/b\"", "\"a\\\\b\"", "\"a..b\"", "\"<script>\"", "\"a\\u0000\"", Quoted(new string('x', 256))],
            ParamKind.StreamUrl => ["5", "\"\"", "\"nowhere\"", "\"javascript:alert(1)\"", Quoted("rtsp://h/" + new string('x', 2_000))],
            ParamKind.Integer =>
            [
                "\"5\"", "1.5", "true", "[]", "1e99",
                (param.Min - 1).ToString(CultureInfo.InvariantCulture), (param.Max + 1).ToString(CultureInfo.InvariantCulture),
            ],
            ParamKind.Number => ["\"5\"", "-1", "true"],
            ParamKind.Flag => ["\"true\"", "1", "{}"],
            ParamKind.Choice => ["5", "\"\"", "\"other\"", "[]"],
            ParamKind.Topics => ["5", "\"camera.connected\"", "[5]", "[\"UPPER\"]", "[\"\"]", "[\"a b\"]", Quoted(new string('x', 65), isList: true)],
            ParamKind.Object => ["5", "\"x\"", "[]"],
            ParamKind.Id => ["5", "\"\"", "\"x\"", "\"0199a00000007000800000000000 00ff\"", "\"{0199a000-0000-7000-8000-0000000000ff}\"", "[]"],
            ParamKind.Instant =>
            [
                "5", "\"\"", "\"tomorrow\"", "\"2099-03-01\"", "\"2099-03-01T12:00:00\"", "\"2099-13-01T12:00:00Z\"", "\"2099-03-01 12:00:00Z\"",
                "\"2099-03-01T12:00Z\"", "\"0001-01-01T00:00:00+14:00\"",
            ],
            ParamKind.Cameras =>
                ["5", "\"camera0\"", "[]", "[5]", "[null]", "[\"\"]", "[\"camera00\"]", "[\"/dev/video0\"]", ListOf(param, i => $"camera{i}")],
            ParamKind.Addresses =>
            [
                "5", "\"10.0.0.1\"", "[]", "[5]", "[null]", "[\"\"]", "[\"10.0.0\"]", "[\"10.0.0.0/33\"]", "[\"host.example\"]",
                ListOf(param, i => $"10.0.0.{i}"),
            ],
            ParamKind.Scopes =>
                ["5", "\"control\"", "[]", "[5]", "[null]", "[\"\"]", "[\"Control\"]", "[\"manage_access\"]", ListOf(param, _ => "control")],
            _ => throw new ArgumentOutOfRangeException(nameof(param)),
        };

    private static string Quoted(string text, bool isList = false) => isList ? $"[\"{text}\"]" : $"\"{text}\"";

    /// <summary>One more than there may be.</summary>
    private static string ListOf(ParamRow param, Func<int, string> item) =>
        $"[{string.Join(',', Enumerable.Range(0, (int)param.Max + 1).Select(i => Quoted(item(i))))}]";
}
