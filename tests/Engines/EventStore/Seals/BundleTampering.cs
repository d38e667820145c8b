using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Events.EventStore.Seals.Canonical;

namespace Events.Tests.Engines.EventStore.Seals;

/// <summary>A zip archive's entries, in order; names may come twice, as in no archive that this program writes.</summary>
internal sealed class BundleFiles
{
    public List<(string Name, byte[] Bytes)> All { get; private init; } = [];

    public byte[] this[string name]
    {
        get => All.First(one => one.Name == name).Bytes;
        set => All[All.FindIndex(one => one.Name == name)] = (name, value);
    }

    public static BundleFiles Of(byte[] zip)
    {
        using ZipArchive archive = new(new MemoryStream(zip));
        BundleFiles files = new();
        foreach (ZipArchiveEntry entry in archive.Entries)
        {
            using Stream stream = entry.Open();
            using MemoryStream copy = new();
            stream.CopyTo(copy);
            files.All.Add((entry.FullName, copy.ToArray()));
        }

        return files;
    }

    public BundleFiles Copy() => new() { All = [.. All] };

    public byte[] ToZip()
    {
        using MemoryStream zip = new();
        using (ZipArchive archive = new(zip, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, byte[] bytes) in All)
            {
                using Stream stream = archive.CreateEntry(name).Open();
                stream.Write(bytes);
            }
        }

        return zip.ToArray();
    }

    /// <summary>As a forger does: the manifest is made to fit what is there. One that is no JSON object stays as it is.</summary>
    public BundleFiles Mended()
    {
        if (All.Any(one => one.Name == "manifest.json") && Try(() => Fitting(this["manifest.json"])) is { } text)
        {
            this["manifest.json"] = text;
        }

        return this;
    }

    private byte[]? Fitting(byte[] text)
    {
        if (JsonNode.Parse(text) is not JsonObject manifest)
        {
            return null;
        }

        manifest["files"] = new JsonArray(
            [.. All.Where(one => one.Name != "manifest.json").DistinctBy(one => one.Name).OrderBy(one => one.Name, StringComparer.Ordinal)
                .Select(one => new JsonObject
                {
                    ["length"] = one.Bytes.Length,
                    ["path"] = one.Name,
                    ["sha256"] = Convert.ToHexStringLower(SHA256.HashData(one.Bytes)),
                })]);
        return new CanonicalJson(isNulRefused: true).Form(Encoding.UTF8.GetBytes(manifest.ToJsonString())).ToArray();
    }

    private static T? Try<T>(Func<T?> make)
        where T : class
    {
        try
        {
            return make();
        }
        catch (Exception bad) when (bad is JsonException or RefusedJsonException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }
}

/// <summary>Ways to spoil a bundle: each takes a random source, and says what it did.</summary>
internal sealed class BundleTampering(Random random, BundleFiles good, BundleFiles other)
{
    /// <summary>Values that JSON can hold and a member of ours does not, or spells otherwise.</summary>
    private static readonly string[] _values =
    [
        "null", "true", "0", "-1", "1.0", "1e3", "1e400", "9223372036854775808", "\"\"", "\"05\"", "\"+5\"", "\" 5\"", "\"5 \"", "\"-0\"",
        "\"9223372036854775808\"", "\"infinity\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\u0661\"", "[]", "{}", "\"{\"", "\"[1e-400]\"",
        "\"{\\\"a\\\":1,\\\"a\\\":2}\"", "\"\u00e9\"", "\"e\u0301\"", "\"AA\"", "\"aa bb\"", "\"a\"", "NaN", "-Infinity",
        new string('[', 100) + new string(']', 100), new string('[', 5_000) + new string(']', 5_000), "\"" + new string('x', 70_000) + "\"",
    ];

    private static readonly string[] _texts =
    [
        " ", "\t", "\r", "\n", "\n\n", "\0", "\uFEFF", "\u2028", "\u00a0", "0", "+", "=", "\"", "{", "}", ",", "\\", "\u2014 x y\n", "\ud83d\ude00",
    ];

    public (string What, byte[] Zip) Next()
    {
        BundleFiles files = good.Copy();
        List<string> done = [];
        for (int count = random.Next(10) == 0 ? 3 : 1; count > 0; count--)
        {
            done.Add(Spoil(files));
        }

        bool isMended = random.Next(4) != 0;
        if (isMended)
        {
            files.Mended();
        }

        byte[] zip = files.ToZip();
        return ($"{string.Join("; ", done)}{(isMended ? ", manifest mended" : string.Empty)}", zip);
    }

    /// <summary>Of the archive itself: what a disk or a bad copy does.</summary>
    public (string What, byte[] Zip) NextOfTheArchive()
    {
        byte[] zip = good.ToZip();
        int at = random.Next(zip.Length);
        switch (random.Next(4))
        {
            case 0:
                return ($"the archive cut off at {at}", zip[..at]);
            case 1:
                return ($"{at} bytes of the archive twice", [.. zip[..at], .. zip]);
            default:
                zip[at] ^= (byte)(1 << random.Next(8));
                return ($"a bit at {at} of the archive", zip);
        }
    }

    private string Spoil(BundleFiles files)
    {
        int at = random.Next(files.All.Count);
        (string name, byte[] bytes) = files.All[at];
        switch (random.Next(20))
        {
            case 0:
                files.All.RemoveAt(at);
                return $"{name} left out";
            case 1:
                string renamed = Pick([name + ".x", "more/" + name, "../" + name, "/" + name, name + "/", "a//b", "a:b", "a\\b", "media/" + name]);
                files.All[at] = (renamed, bytes);
                return $"{name} renamed to {renamed}";
            case 2:
                int second = random.Next(files.All.Count);
                files.All[at] = (name, files.All[second].Bytes);
                files.All[second] = (files.All[second].Name, bytes);
                return $"{name} exchanged with {files.All[second].Name}";
            case 3:
                files.All.Add((name, bytes));
                return $"{name} twice";
            case 4:
                (string theirs, byte[] foreign) = other.All[random.Next(other.All.Count)];
                files.All.RemoveAll(one => one.Name == theirs);
                files.All.Add((theirs, foreign));
                return $"{theirs} of another bundle";
            case 5 when bytes.Length > 0:
                int from = random.Next(bytes.Length);
                files.All[at] = (name, bytes[..from]);
                return $"{name} cut off at {from}";
            case 6 or 7 when bytes.Length > 0:
                int place = random.Next(bytes.Length);
                byte[] flipped = [.. bytes];
                flipped[place] ^= (byte)(1 << random.Next(8));
                files.All[at] = (name, flipped);
                return $"a bit at {place} of {name}";
            case 8:
                int where = random.Next(bytes.Length + 1);
                string text = Pick(_texts);
                files.All[at] = (name, [.. bytes[..where], .. Encoding.UTF8.GetBytes(text), .. bytes[where..]]);
                return $"{JsonSerializer.Serialize(text)} put into {name} at {where}";
            default:
                string file = Pick(
                [
                    "events.jsonl", "events.jsonl", "hidden.jsonl", "manifest.json", "manifest.json", "rotations/1/fact.json", "checkpoint",
                    "keys.txt", "proofs",
                ]);
                int index = files.All.FindIndex(one => one.Name.StartsWith(file, StringComparison.Ordinal));
                return index < 0 ? "nothing" : SpoilLine(files, index);
        }
    }

    private string SpoilLine(BundleFiles files, int index)
    {
        (string name, byte[] bytes) = files.All[index];
        List<string> lines = [.. Encoding.UTF8.GetString(bytes).Split('\n')];
        int at = random.Next(lines.Count);
        string what;
        switch (random.Next(6))
        {
            case 0:
                lines.RemoveAt(at);
                what = $"line {at} left out of";
                break;
            case 1:
                lines.Insert(at, lines[random.Next(lines.Count)]);
                what = $"a line twice, at {at} of";
                break;
            case 2:
                int second = random.Next(lines.Count);
                (lines[at], lines[second]) = (lines[second], lines[at]);
                what = $"lines {at} and {second} exchanged in";
                break;
            default:
                (lines[at], what) = SpoilMember(lines[at]);
                what += $", in line {at} of";
                break;
        }

        files.All[index] = (name, Encoding.UTF8.GetBytes(string.Join('\n', lines)));
        return $"{what} {name}";
    }

    /// <summary>Another value for a member, or the member twice, or without it; the text around stays byte for byte.</summary>
    private (string Line, string What) SpoilMember(string line)
    {
        (int Start, int Value, int End)[] members = [.. MembersOf(line)];
        if (members.Length == 0)
        {
            return (line + Pick(_texts), "something behind");
        }

        (int start, int valueAt, int end) = members[random.Next(members.Length)];
        string member = line[start..valueAt];
        string value = Pick(_values);
        return random.Next(8) switch
        {
            >= 5 => ($"{line[..valueAt]}{Respelled(line[valueAt..end])}{line[end..]}", $"{member} spelled otherwise"),
            0 => ($"{line[..start]}{member}{value},{line[start..]}", $"{member}{Short(value)} before the true one"),
            1 => ($"{line[..start]}{line[end..].TrimStart(',')}", $"without {member}"),
            _ => ($"{line[..valueAt]}{value}{line[end..]}", $"{member}{Short(value)}"),
        };

        static string Short(string value) => value.Length <= 60 ? value : value[..20] + "...";
    }

    /// <summary>What means the same to a reader that is not strict.</summary>
    private string Respelled(string value) => value switch
    {
        "true" => "1",
        "false" => "0",
        ['"', var first, ..] when first is not ('"' or '\\') => random.Next(8) switch
        {
            0 => $"\"\\u{(int)first:x4}{value[2..]}",
            1 => $"\"0{value[1..]}",
            2 => $"\"+{value[1..]}",
            3 => $"\" {value[1..]}",
            4 => $"{value[..^1]} \"",
            5 => $"{value[..2]}{value[2..].Replace('a', 'A')}",
            6 => value.ToUpperInvariant(),
            _ => value.Length > 3 ? $"{value[..3]} {value[3..]}" : value,
        },
        _ when char.IsAsciiDigit(value[0]) => Pick([$"{value}.0", $"{value}e0", $"-{value}", $"0{value}", $"{value}0e-1"]),
        _ => Pick([" ", "\t", "\r", "\u00a0"]) + value,
    };

    private static IEnumerable<(int Start, int Value, int End)> MembersOf(string line)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(line);
        if (bytes.Length != line.Length)
        {
            yield break;
        }

        List<(int, int, int)> found = [];
        Utf8JsonReader reader = new(bytes);
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName)
                {
                    int start = (int)reader.TokenStartIndex;
                    reader.Read();
                    int value = (int)reader.TokenStartIndex;
                    Utf8JsonReader rest = reader;
                    rest.Skip();
                    found.Add((start, value, (int)rest.BytesConsumed));
                }
            }
        }
        catch (JsonException)
        {
            // Spoilt before; what was read is good enough.
        }

        foreach ((int, int, int) one in found)
        {
            yield return one;
        }
    }

    private string Pick(string[] from) => from[random.Next(from.Length)];
}
