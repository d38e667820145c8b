using PdfSharp.Fonts;

namespace Events.Host.Audit.Custody;

/// <summary>The one font of pages. It comes with the program; bold is made from it.</summary>
internal sealed class PageFont : IFontResolver
{
    public const string Family = "DejaVu Sans";

    private const string Face = "DejaVuSans.ttf";

    private static readonly Lock _once = new();

    /// <summary>PDFsharp asks one resolver for the whole process.</summary>
    public static void Use()
    {
        lock (_once)
        {
            GlobalFontSettings.FontResolver ??= new PageFont();
        }
    }

    public FontResolverInfo ResolveTypeface(string familyName, bool isBold, bool isItalic) =>
        new(Face, mustSimulateBold: isBold, mustSimulateItalic: isItalic);

    public byte[] GetFont(string faceName)
    {
        using Stream font = typeof(PageFont).Assembly.GetManifestResourceStream(Face)!;
        using MemoryStream copy = new();
        font.CopyTo(copy);
        return copy.ToArray();
    }
}
