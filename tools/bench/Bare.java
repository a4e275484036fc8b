import com.siemens.ct.exi.core.EXIBodyDecoder;
import com.siemens.ct.exi.core.EXIBodyEncoder;
import com.siemens.ct.exi.core.EXIFactory;
import com.siemens.ct.exi.core.grammars.event.EventType;
import com.siemens.ct.exi.core.helpers.DefaultEXIFactory;
import com.siemens.ct.exi.core.values.Value;
import com.siemens.ct.exi.grammars.GrammarFactory;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import javax.xml.namespace.QName;

/**
 * The Java codec alone, warm, with nothing around it: events in, events out. Arguments: SCHEMA CALLS HEX...; a line an argument: the
 * medians of decoding and encoding, in nanoseconds, or what is wrong.
 */
public final class Bare {
    private record Event(EventType type, QName name, Value value) {}

    private static List<Event> decoded(EXIFactory factory, byte[] octets) throws Exception {
        EXIBodyDecoder decoder = factory.createEXIStreamDecoder().decodeHeader(new ByteArrayInputStream(octets));
        List<Event> events = new ArrayList<>();
        for (EventType type = decoder.next(); type != null; type = decoder.next()) {
            switch (type) {
                case START_DOCUMENT -> { decoder.decodeStartDocument(); events.add(new Event(type, null, null)); }
                case END_DOCUMENT -> { decoder.decodeEndDocument(); events.add(new Event(type, null, null)); return events; }
                case END_ELEMENT, END_ELEMENT_UNDECLARED -> { decoder.decodeEndElement(); events.add(new Event(EventType.END_ELEMENT, null, null)); }
                case CHARACTERS, CHARACTERS_GENERIC, CHARACTERS_GENERIC_UNDECLARED ->
                    events.add(new Event(EventType.CHARACTERS, null, decoder.decodeCharacters()));
                case ATTRIBUTE, ATTRIBUTE_INVALID_VALUE, ATTRIBUTE_NS, ATTRIBUTE_GENERIC, ATTRIBUTE_GENERIC_UNDECLARED, ATTRIBUTE_ANY_INVALID_VALUE -> {
                    QName name = decoder.decodeAttribute().getQName();
                    events.add(new Event(EventType.ATTRIBUTE, name, decoder.getAttributeValue()));
                }
                default -> events.add(new Event(EventType.START_ELEMENT, decoder.decodeStartElement().getQName(), null));
            }
        }
        return events;
    }

    private static byte[] encoded(EXIFactory factory, List<Event> events) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        EXIBodyEncoder encoder = factory.createEXIStreamEncoder().encodeHeader(out);
        for (Event event : events) {
            switch (event.type()) {
                case START_DOCUMENT -> encoder.encodeStartDocument();
                case END_DOCUMENT -> encoder.encodeEndDocument();
                case START_ELEMENT -> encoder.encodeStartElement(event.name());
                case END_ELEMENT -> encoder.encodeEndElement();
                case ATTRIBUTE -> encoder.encodeAttribute(event.name(), event.value());
                default -> encoder.encodeCharacters(event.value());
            }
        }
        encoder.flush();
        return out.toByteArray();
    }

    public static void main(String[] arguments) throws Exception {
        EXIFactory factory = DefaultEXIFactory.newInstance();
        factory.setGrammars(GrammarFactory.newInstance().createGrammars(arguments[0]));
        factory.setValuePartitionCapacity(0);
        factory.setValueMaxLength(0);
        int calls = Integer.parseInt(arguments[1]);
        for (String hex : Arrays.asList(arguments).subList(2, arguments.length)) {
            byte[] octets = HexFormat.of().parseHex(hex);
            List<Event> events = decoded(factory, octets);
            if (!Arrays.equals(encoded(factory, events), octets)) {
                System.out.println("other octets come back");
                continue;
            }
            long[] reading = new long[calls], writing = new long[calls];
            for (int i = -calls; i < calls; i++) {
                long began = System.nanoTime();
                decoded(factory, octets);
                long read = System.nanoTime();
                encoded(factory, events);
                if (i >= 0) {
                    reading[i] = read - began;
                    writing[i] = System.nanoTime() - read;
                }
            }
            Arrays.sort(reading);
            Arrays.sort(writing);
            System.out.println(reading[calls / 2] + " " + writing[calls / 2]);
        }
    }
}
