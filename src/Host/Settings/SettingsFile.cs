using Events.Host.Security;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Events.Host.Settings;

/// <summary>
/// Reads a settings file: sections with keys, values with their lines. Of YAML 1.2 it takes mappings, scalars and lists of
/// scalars; anchors and tags, which only make it harder to read and may blow it up, are errors.
/// </summary>
internal sealed class SettingsFile(string path, List<string> errors)
{
    /// <summary>Ten times a full file with comments; the parser takes long over larger ones of ill will.</summary>
    private const int FileBytesMax = 32 * 1024;

    /// <summary>Ours have one level of sections, those of the older service three.</summary>
    private const int DepthMax = 6;

    private readonly List<FoundValue> _found = [];
    private readonly string _folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
    private readonly string _name = Path.GetFileName(path);

    /// <summary>Its path, if others than its owner may read it; null otherwise.</summary>
    private string? _openFile;

    public IReadOnlyList<FoundValue> Read()
    {
        try
        {
            _openFile = KeyFiles.IsOpenToOthers(path) ? path : null;
            if (new FileInfo(path).Length > FileBytesMax)
            {
                errors.Add($"{path}: is larger than {FileBytesMax} bytes. Keep only settings in it.");
                return [];
            }

            var parser = new Parser(new StringReader(File.ReadAllText(path)));
            parser.Consume<StreamStart>();
            if (parser.TryConsume<DocumentStart>(out _))
            {
                ReadDocument(parser);
            }
        }
        catch (YamlException failure)
        {
            errors.Add($"{_name}:{failure.Start.Line}: this is not YAML: {failure.Message}");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            errors.Add($"{path}: cannot be read: {failure.Message}");
        }

        return _found;
    }

    private void ReadDocument(Parser parser)
    {
        if (parser.Accept<Scalar>(out var only) && only.Value.Length == 0)
        {
            return;
        }

        ReadMapping(parser, "", 0);
        parser.Consume<DocumentEnd>();
        if (!parser.Accept<StreamEnd>(out _))
        {
            Refuse(parser.Current!, "a second document begins. Put everything into one.");
        }
    }

    private void ReadMapping(Parser parser, string section, int depth)
    {
        if (!parser.TryConsume<MappingStart>(out _))
        {
            Refuse(parser.Current!, "expected lines of the form \"Section:\" and below it \"  Key: value\".");
            parser.SkipThisAndNestedEvents();
            return;
        }

        while (!parser.TryConsume<MappingEnd>(out _))
        {
            if (!parser.Accept<Scalar>(out var name) || IsMarked(name))
            {
                Refuse(parser.Current!, "a key must be a plain word.");
                parser.SkipThisAndNestedEvents();
                parser.SkipThisAndNestedEvents();
                continue;
            }

            parser.MoveNext();
            var key = section.Length == 0 ? name.Value : $"{section}.{name.Value}";
            ReadValue(parser, key, depth, (int)name.Start.Line);
        }
    }

    private void ReadValue(Parser parser, string key, int depth, int line)
    {
        if (parser.Accept<AnchorAlias>(out _) || (parser.Accept<NodeEvent>(out var node) && IsMarked(node)))
        {
            Refuse(parser.Current!, $"{key} uses an anchor, an alias or a tag. Write the value out.");
            parser.SkipThisAndNestedEvents();
        }
        else if (depth < DepthMax && parser.Accept<MappingStart>(out _) && SettingsTable.Find(key) is null)
        {
            ReadMapping(parser, key, depth + 1);
        }
        else if (parser.TryConsume<Scalar>(out var scalar))
        {
            Add(scalar, key, line);
        }
        else if (parser.TryConsume<SequenceStart>(out _))
        {
            ReadSequence(parser, key, line);
        }
        else
        {
            Refuse(parser.Current!, $"{key} takes a value here, not keys below it.");
            parser.SkipThisAndNestedEvents();
        }
    }

    private void ReadSequence(Parser parser, string key, int line)
    {
        var values = new List<string>();
        while (!parser.TryConsume<SequenceEnd>(out _))
        {
            if (parser.Accept<Scalar>(out var item) && !IsMarked(item))
            {
                values.Add(item.Value);
            }
            else
            {
                Refuse(parser.Current!, $"{key} takes a list of plain values.");
            }

            parser.SkipThisAndNestedEvents();
        }

        _found.Add(new FoundValue(key, values, $"{_name}:{line}", _folder, IsSequence: true, OpenFile: _openFile));
    }

    private void Add(Scalar scalar, string key, int line)
    {
        // "Key:" and "Key: null" leave a setting as it is, and "Section:" with nothing below is no mistake.
        var isNothing = scalar.Style == ScalarStyle.Plain && scalar.Value is "" or "~" or "null";
        if (!isNothing)
        {
            _found.Add(new FoundValue(key, [scalar.Value], $"{_name}:{line}", _folder, OpenFile: _openFile));
        }
        else if (SettingsTable.Find(key) is null && SettingsTable.All.All(one => !Is(one.Section, key)))
        {
            _found.Add(new FoundValue(key, [""], $"{_name}:{line}", _folder));
        }
    }

    private static bool IsMarked(NodeEvent node) => !node.Anchor.IsEmpty || !node.Tag.IsEmpty;

    private static bool Is(string left, string right) => left.Equals(right, StringComparison.OrdinalIgnoreCase);

    private void Refuse(ParsingEvent at, string what) => errors.Add($"{_name}:{at.Start.Line}: {what}");
}
