using System.Globalization;
using PdfSharp.Drawing;
using PdfSharp.Pdf;

namespace Events.Host.Audit.Custody;

/// <summary>Text down pages of A4, broken where a line is full and where a page is.</summary>
internal sealed class PageWriter : IDisposable
{
    /// <summary>In points.</summary>
    public const double Left = 50;

    private const double Right = 545;
    private const double Top = 60;
    private const double Bottom = 780;
    private const double Leading = 1.35;

    private readonly PdfDocument _document = new();
    private readonly string _foot;
    private XGraphics _page = null!;

    public PageWriter(string title, string foot, DateTimeOffset at)
    {
        PageFont.Use();
        _foot = foot;
        _document.Info.Title = Clean(title);
        _document.Info.Creator = "Events";
        _document.Info.CreationDate = at.UtcDateTime;
        Begin();
    }

    public static XFont Plain { get; } = FontOf(9);

    public static XFont Small { get; } = FontOf(7);

    public static XFont Heading { get; } = FontOf(12, XFontStyleEx.Bold);

    public static XFont Title { get; } = FontOf(18, XFontStyleEx.Bold);

    public double Y { get; private set; }

    /// <summary>What is drawn on the page that the next line comes to.</summary>
    public XGraphics Page => _page;

    /// <summary>Begins a page if so much does not fit on this one.</summary>
    public void Need(double height)
    {
        if (Y + height > Bottom)
        {
            Begin();
        }
    }

    public void Skip(double height) => Y += height;

    public void Line(string text, XFont font, double left = Left) => Line(text, font, XBrushes.Black, left);

    public void Line(string text, XFont font, XBrush brush, double left)
    {
        foreach (string part in Broken(text, font, Right - left))
        {
            Need(font.Size * Leading);
            _page.DrawString(part, font, brush, new XPoint(left, Y + font.Size));
            Y += font.Size * Leading;
        }
    }

    /// <summary>How high a text will be.</summary>
    public double HeightOf(string text, XFont font, double left) => Broken(text, font, Right - left).Count * font.Size * Leading;

    public byte[] Save()
    {
        _page.Dispose();
        for (int i = 0; i < _document.PageCount; i++)
        {
            using XGraphics page = XGraphics.FromPdfPage(_document.Pages[i]);
            string text = string.Create(CultureInfo.InvariantCulture, $"{_foot}    page {i + 1} of {_document.PageCount}");
            page.DrawString(Clean(text), Small, XBrushes.Gray, new XPoint(Left, Bottom + 30));
        }

        using MemoryStream file = new();
        _document.Save(file);
        return file.ToArray();
    }

    public void Dispose() => _document.Dispose();

    private static XFont FontOf(double size, XFontStyleEx style = XFontStyleEx.Regular)
    {
        PageFont.Use();
        return new XFont(PageFont.Family, size, style);
    }

    private void Begin()
    {
        _page?.Dispose();
        PdfPage page = _document.AddPage();
        page.Size = PdfSharp.PageSize.A4;
        _page = XGraphics.FromPdfPage(page);
        Y = Top;
    }

    /// <summary>At blanks, and inside a word that is longer than a line, as hashes and keys are.</summary>
    private List<string> Broken(string text, XFont font, double width)
    {
        List<string> lines = [];
        string line = string.Empty;
        foreach (string word in Clean(text).Split(' '))
        {
            string rest = word;
            string joined = line.Length == 0 ? rest : $"{line} {rest}";
            if (WidthOf(joined, font) <= width)
            {
                line = joined;
                continue;
            }

            if (line.Length > 0)
            {
                lines.Add(line);
            }

            for (int fits = Fitting(rest, font, width); fits < rest.Length; fits = Fitting(rest, font, width))
            {
                lines.Add(rest[..fits]);
                rest = rest[fits..];
            }

            line = rest;
        }

        lines.Add(line);
        return lines;
    }

    private int Fitting(string word, XFont font, double width)
    {
        int count = word.Length;
        while (count > 1 && WidthOf(word[..count], font) > width)
        {
            count -= Math.Max(1, count / 16);
        }

        // A pair of surrogates is one letter.
        return count < word.Length && count > 1 && char.IsHighSurrogate(word[count - 1]) ? count - 1 : count;
    }

    private double WidthOf(string text, XFont font) => _page.MeasureString(text, font).Width;

    private static string Clean(string text) => new([.. text.Select(letter => char.IsControl(letter) ? ' ' : letter)]);
}
