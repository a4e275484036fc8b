import com.siemens.ct.exi.core.EXIBodyDecoder;
import com.siemens.ct.exi.core.EXIBodyEncoder;
import com.siemens.ct.exi.core.EXIFactory;
import com.siemens.ct.exi.core.grammars.event.EventType;
import com.siemens.ct.exi.core.helpers.DefaultEXIFactory;
import com.siemens.ct.exi.core.values.Value;
import com.siemens.ct.exi.grammars.GrammarFactory;
import com.siemens.ct.exi.main.cmd.EXICodec;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import javax.xml.namespace.QName;

/**
 * The Java codec without Python around it, in two ways: `class`, the class that the bindings call (octets to JSON text and back, by
 * way of XML text and JAXB), and `bare`, the codec inside it, events to events.
 *
 * Arguments: CALLS CALLS_OF_CLASS WARM_UP_SECONDS SCHEMA|NAMESPACE|HEX,HEX... (one a message). Each line of standard input asks for a
 * round, answered by a line of JSON: {"class": [...], "bare": [...]}, for each message [median, 99th percentile, least] of decoding and of
 * encoding, in nanoseconds, or what is wrong.
 */
public final class Bare {
    private record Event(EventType type, QName name, Value value) {}

    private interface Codec<T> {
        T decode(byte[] octets) throws Exception;

        byte[] encode(T content) throws Exception;
    }

    private record Events(EXIFactory factory) implements Codec<List<Event>> {
        public List<Event> decode(byte[] octets) throws Exception {
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

        public byte[] encode(List<Event> events) throws Exception {
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
    }

    private record Text(EXICodec codec, String namespace) implements Codec<String> {
        public String decode(byte[] octets) {
            return codec.decode(octets, namespace);
        }

        public byte[] encode(String content) {
            return codec.encode(content, namespace);
        }
    }

    /** One message in its variants, coded in one way. */
    private static final class Subject<T> {
        private final Codec<T> codec;
        private final List<byte[]> octets = new ArrayList<>();
        private final List<T> contents = new ArrayList<>();
        private String wrong = null;

        Subject(Codec<T> codec, String[] variants) {
            this.codec = codec;
            try {
                for (String hex : variants) {
                    byte[] each = HexFormat.of().parseHex(hex);
                    T content = codec.decode(each);
                    octets.add(each);
                    contents.add(content);
                    if (!Arrays.equals(codec.encode(content), each)) {
                        wrong = "other octets come back";
                    }
                }
            } catch (Exception error) {
                wrong = error.getClass().getSimpleName();
            }
        }

        String timed(int calls) throws Exception {
            if (wrong != null) {
                return '"' + wrong + '"';
            }
            long[] reading = new long[calls], writing = new long[calls];
            for (int i = 0; i < calls; i++) {
                int variant = i % octets.size();
                long began = System.nanoTime();
                codec.decode(octets.get(variant));
                long read = System.nanoTime();
                codec.encode(contents.get(variant));
                writing[i] = System.nanoTime() - read;
                reading[i] = read - began;
            }
            return "[" + figures(reading) + ", " + figures(writing) + "]";
        }

        private static String figures(long[] times) {
            Arrays.sort(times);
            return "[" + times[times.length / 2] + ", " + times[times.length * 99 / 100] + ", " + times[0] + "]";
        }
    }

    private static String round(List<Subject<?>> subjects, int calls) throws Exception {
        List<String> found = new ArrayList<>();
        for (Subject<?> subject : subjects) {
            found.add(subject.timed(calls));
        }
        return "[" + String.join(", ", found) + "]";
    }

    public static void main(String[] arguments) throws Exception {
        PrintStream answers = System.out;
        System.setOut(System.err);
        int calls = Integer.parseInt(arguments[0]), callsOfClass = Integer.parseInt(arguments[1]);
        List<Subject<?>> bare = new ArrayList<>(), called = new ArrayList<>();
        EXICodec codec = new EXICodec();
        Map<String, EXIFactory> factories = new HashMap<>();
        for (String argument : Arrays.asList(arguments).subList(3, arguments.length)) {
            String[] parts = argument.split("\\|");
            if (!factories.containsKey(parts[0])) {
                EXIFactory factory = DefaultEXIFactory.newInstance();
                factory.setGrammars(GrammarFactory.newInstance().createGrammars(parts[0]));
                factory.setValuePartitionCapacity(0);
                factory.setValueMaxLength(0);
                factories.put(parts[0], factory);
            }
            bare.add(new Subject<>(new Events(factories.get(parts[0])), parts[2].split(",")));
            called.add(new Subject<>(new Text(codec, parts[1]), parts[2].split(",")));
        }
        for (List<Subject<?>> subjects : List.of(called, bare)) {
            long until = System.nanoTime() + (long) (Double.parseDouble(arguments[2]) * 1e9);
            while (System.nanoTime() < until) {
                round(subjects, 1);
            }
        }
        BufferedReader asked = new BufferedReader(new InputStreamReader(System.in));
        while (asked.readLine() != null) {
            answers.println("{\"class\": " + round(called, callsOfClass) + ", \"bare\": " + round(bare, calls) + "}");
            answers.flush();
        }
    }
}
